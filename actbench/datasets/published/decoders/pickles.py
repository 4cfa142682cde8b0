"""Python's pickles, read by a machine that knows dicts, lists, tuples, text, bytes, numbers and arrays.

Python's own reader calls what a file names. This one calls nothing: a few names stand for themselves and mean what the
lines below make of them; any other name, and any instruction that such files do not need, is refused. No memory is
taken for what a file only promises: sizes are compared with what is left of it, and what it remembers lies in a dict.

The instructions are those that Python 2 wrote into the published files (CIFAR's batches, the lists of words in Keras's
archives) and Python 3 writes for the same content, in the protocols 2 and 3; pickletools documents them.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actbench.datasets._arrays import Array


class _Named(enum.Enum):
    """What a file may name."""

    RECONSTRUCT = "numpy.core.multiarray _reconstruct"
    RECONSTRUCT_2 = "numpy._core.multiarray _reconstruct"
    NDARRAY = "numpy ndarray"
    DTYPE = "numpy dtype"
    ENCODE = "_codecs encode"


@dataclass
class _Dtype:
    code: str
    order: str = "|"


@dataclass
class _Array:
    """An array that is announced, and holds nothing until its state follows."""

    content: Array | list[Any] | None = None


LONGEST_NAME = 200
MOST_DIMENSIONS = 4
_NUMBERS = re.compile(r"[bui][1248]|f[48]")
BYTE, TWO_BYTES, STOP = b"KM."
"""The instructions that push a small number, nearly all that there is in lists of words, and the last one."""


def unpickled(data: bytes) -> Any:
    """What a pickle holds; an array of Python objects becomes a list. Raises ValueError for anything unusual in it."""
    try:
        return _Machine(data).run()
    except (IndexError, TypeError, AttributeError):
        raise ValueError("it is no whole pickle of arrays and lists") from None


class _Machine:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        data, at, stack = self.data, self.at, self.stack
        numbers = list(range(2**16))  # each number is there once, and in millions of places
        while True:
            code = data[at]
            at += 1
            if code == BYTE:
                stack.append(data[at])
                at += 1
            elif code == TWO_BYTES:
                stack.append(numbers[data[at] | data[at + 1] << 8])
                at += 2
            elif code == STOP:
                if self.marked or len(stack) != 1:
                    raise ValueError("it ends before all is put together")
                return stack.pop()
            elif code in _STEPS:
                self.at = at
                _STEPS[code](self)
                at, stack = self.at, self.stack
            else:
                raise ValueError(f"it holds the instruction {code:#04x}, which no pickle of arrays and lists needs")

    def take(self, size: int) -> bytes:
        part = self.data[self.at : self.at + size]
        if len(part) < size:
            raise ValueError(f"it promises {size} bytes where {len(part)} are left")
        self.at += size
        return part

    def number(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.take(size), "little", signed=signed)

    def counted(self, size: int) -> bytes:
        """Bytes after their number, which takes ``size`` bytes."""
        return self.take(self.number(size))

    def pop(self) -> Any:
        return self.stack.pop()

    def protocol(self) -> None:
        if (version := self.number(1)) not in (2, 3):
            raise ValueError(f"it is a pickle of protocol {version}, not 2 or 3")

    def mark(self) -> None:
        self.marked.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.marked.pop()
        return items

    def tuple_since_mark(self) -> None:
        items = tuple(self.since_mark())
        self.stack.append(items)

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise IndexError(count)
        items = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        self.stack.append(items)

    def extend(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise TypeError(items)
        self.stack[-1].extend(items)

    def update(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not dict or len(items) % 2 or any(type(key) not in (bytes, str) for key in items[::2]):
            raise TypeError(items)
        target.update(zip(items[::2], items[1::2], strict=True))

    def remember(self, size: int) -> None:
        self.memo[self.number(size)] = self.stack[-1]

    def recall(self, size: int) -> None:
        key = self.number(size)
        if key not in self.memo:
            raise ValueError(f"it recalls what it never remembered ({key})")
        value = self.memo[key]
        self.stack.append(value if not isinstance(value, _Array) or value.content is None else value.content)

    def line(self) -> str:
        end = self.data.find(b"\n", self.at, self.at + LONGEST_NAME)
        if end < 0:
            raise ValueError("it holds a name without an end")
        line = self.data[self.at : end].decode("ascii", "replace")
        self.at = end + 1
        return line

    def name(self) -> None:
        module, name = self.line(), self.line()
        try:
            self.stack.append(_Named(f"{module} {name}"))
        except ValueError:
            raise ValueError(f"it names {f'{module}.{name}'!r}, and nothing is imported or called here") from None

    def reduce(self) -> None:
        given, what = self.pop(), self.pop()
        match what, given:
            case ((_Named.RECONSTRUCT | _Named.RECONSTRUCT_2), (_Named.NDARRAY, (0,), b"b" | "b")):
                self.stack.append(_Array())
            case _Named.DTYPE, (bytes() | str() as code, 0 | False, 1 | True):
                self.stack.append(_Dtype(_text(code)))
            case _Named.ENCODE, (str() as text, "latin1" | b"latin1"):  # how Python 3 writes bytes for Python 2
                self.stack.append(text.encode("latin1"))
            case _:
                raise ValueError("it wants something called that makes no array")

    def build(self) -> None:
        state, target = self.pop(), self.stack[-1]
        match target, state:
            case _Dtype(), (3, b"|" | b"<" | b">" | "|" | "<" | ">" as order, None, None, None, -1, -1, int()):
                target.order = _text(order)
            case _Array(content=None), (1, tuple() as shape, _Dtype() as kind, bool() | int() as by_columns, content):
                target.content = self.stack[-1] = _array(shape, kind, bool(by_columns), content)
            case _:
                raise ValueError("it wants something set that is no array")


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("latin1")


def _array(shape: tuple[Any, ...], kind: _Dtype, by_columns: bool, content: Any) -> Array | list[Any]:
    import numpy as np

    if len(shape) > MOST_DIMENSIONS or any(type(size) is not int or size < 0 for size in shape):
        raise ValueError("it holds an array whose shape is none")
    count = math.prod(shape)
    if kind.code in ("O", "O4", "O8"):
        if len(shape) != 1 or type(content) is not list or len(content) != count:
            raise ValueError(f"it promises a list of {count} things and holds another")
        return content
    if not _NUMBERS.fullmatch(kind.code):
        raise ValueError(f"it holds an array of {kind.code!r}, not of numbers")
    dtype = np.dtype(kind.order + kind.code)
    if type(content) is not bytes or len(content) != count * dtype.itemsize:
        raise ValueError(f"it promises an array of {count * dtype.itemsize} bytes and holds another")
    return np.frombuffer(content, dtype=dtype).reshape(shape, order="F" if by_columns else "C")


_STEPS: dict[int, Callable[[_Machine], None]] = {
    ord(code): step
    for code, step in {
        "\x80": _Machine.protocol,
        "(": _Machine.mark,
        "]": lambda machine: machine.stack.append([]),
        "}": lambda machine: machine.stack.append({}),
        ")": lambda machine: machine.stack.append(()),
        "N": lambda machine: machine.stack.append(None),
        "\x88": lambda machine: machine.stack.append(True),
        "\x89": lambda machine: machine.stack.append(False),
        "J": lambda machine: machine.stack.append(machine.number(4, signed=True)),
        "\x8a": lambda machine: machine.stack.append(int.from_bytes(machine.counted(1), "little", signed=True)),
        "U": lambda machine: machine.stack.append(machine.counted(1)),
        "C": lambda machine: machine.stack.append(machine.counted(1)),
        "T": lambda machine: machine.stack.append(machine.counted(4)),
        "B": lambda machine: machine.stack.append(machine.counted(4)),
        "X": lambda machine: machine.stack.append(machine.counted(4).decode()),
        "t": _Machine.tuple_since_mark,
        "\x85": lambda machine: machine.tuple_of(1),
        "\x86": lambda machine: machine.tuple_of(2),
        "\x87": lambda machine: machine.tuple_of(3),
        "a": lambda machine: machine.extend([machine.pop()]),
        "e": lambda machine: machine.extend(machine.since_mark()),
        "s": lambda machine: machine.update([*reversed([machine.pop(), machine.pop()])]),
        "u": lambda machine: machine.update(machine.since_mark()),
        "q": lambda machine: machine.remember(1),
        "r": lambda machine: machine.remember(4),
        "h": lambda machine: machine.recall(1),
        "j": lambda machine: machine.recall(4),
        "c": _Machine.name,
        "R": _Machine.reduce,
        "b": _Machine.build,
    }.items()
}
