"""Names for things: one decorator adds an entry, one spelling finds it again.

A *spelling* is what people write: ``mish``, ``swish(beta=0.5)``, ``mlp(100, 50)``, ``keras:gelu``,
``my.module:attr`` or ``file.py:attr(slope=2)``. ``parse`` reads it, a ``Registry`` looks it up, ``bind`` checks the
parameters against the entry's signature, and ``spell`` writes the canonical form that files and run keys use.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from actbench.errors import UserError, did_you_mean, shown
from actbench.registry.spelling import Spelling, check_printable, parse, parts_of

__all__ = [
    "Choice", "Entry", "Parameter", "Registry", "Spelling", "bind", "check_printable", "choose", "describe", "literal",
    "parameters_of", "parse", "parts_of", "signature", "spell",
]  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One parameter of an entry, declared in its signature by ``Annotated[float, Meta(gt=0, description="…")]``."""

    name: str
    type: Any
    default: Any
    meaning: str
    allowed: str
    variadic: bool = False
    neutral: Any = inspect.Parameter.empty
    """What was done without it, where it came later than its entry: ``Meta(extra={"neutral": 0.99})``."""

    @property
    def required(self) -> bool:
        """Whether a spelling must give it."""
        return self.default is inspect.Parameter.empty and not self.variadic


class Entry(Protocol):
    """What a registry holds: anything with a name, its aliases, its parameters and one sentence about it."""

    @property
    def name(self) -> str:
        """The canonical name."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names for it."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What a spelling may set."""

    @property
    def summary(self) -> str:
        """One sentence about it."""


EntryT = TypeVar("EntryT", bound=Entry)


@dataclass(frozen=True)
class Choice:
    """What a spelling stands for: how to write it, what exactly it means, and where it comes from.

    ``spelling`` leaves out parameters at their defaults and can be parsed again. ``definition`` goes into run keys: it
    spells every parameter, and for a person's own code it ends in ``#`` and a digest of the source, so that an edited
    function is a new experiment.
    """

    spelling: str
    definition: str
    provider: str = "actbench"
    version: str = ""


class Registry(Generic[EntryT]):
    """The entries of one kind. Modules of ``packages`` add theirs by being imported, on the first look-up.

    Args:
        kind: the singular noun for messages, e.g. ``"activation"``.
        packages: those whose modules hold the entries; a new file in them is found without being listed anywhere,
            and one whose name begins with ``_`` holds none. A plain module that holds them all itself will do too.
        listed: whether ``actbench list`` knows the kind; messages name the entries themselves where it does not.
    """

    def __init__(self, kind: str, *packages: str, listed: bool = True) -> None:
        self.kind = kind
        self._listed = listed
        self._packages = packages
        self._entries: dict[str, EntryT] = {}
        self._aliases: dict[str, str] = {}
        self._loaded = False

    def add(self, entry: EntryT) -> None:
        """Register an entry. Raises ValueError for a name or alias that is taken: two things may not share one."""
        for name in (entry.name, *entry.aliases):
            if name in self._entries or name in self._aliases:
                raise ValueError(f"The {self.kind} name {name!r} is registered twice")
        self._entries[entry.name] = entry
        self._aliases.update(dict.fromkeys(entry.aliases, entry.name))

    def remove(self, name: str) -> None:
        """Take an entry out again, its aliases too. Raises UserError where there is none."""
        entry = self[name]
        del self._entries[entry.name]
        for alias in entry.aliases:
            del self._aliases[alias]

    def __getitem__(self, name: str) -> EntryT:
        self._load()
        name = self._aliases.get(name, name)
        if name not in self._entries:
            hint = did_you_mean(name, [*self._entries, *self._aliases])
            where = (
                f"'actbench list {self.kind}s' shows them all" if self._listed else f"Known: {', '.join(self.names)}"
            )
            raise UserError(f"Unknown {self.kind} {name!r}.{hint} {where}.")
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._entries or name in self._aliases

    def __iter__(self) -> Iterator[EntryT]:
        """The entries in alphabetical order of their names."""
        self._load()
        return iter(sorted(self._entries.values(), key=lambda entry: entry.name))

    def __len__(self) -> int:
        self._load()
        return len(self._entries)

    @property
    def names(self) -> list[str]:
        """The canonical names in alphabetical order."""
        return [entry.name for entry in self]

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        for name in self._packages:
            package = importlib.import_module(name)
            for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
                if not module.name.startswith("_"):
                    importlib.import_module(f"{name}.{module.name}")


def parameters_of(function: Callable[..., Any], given: int) -> tuple[Parameter, ...]:
    """The parameters that a person may set: all but the first ``given``, which the program passes itself.

    Raises:
        TypeError: a parameter has no type annotation, so its values could not be checked.
    """
    signature = inspect.signature(function)
    hints = typing.get_type_hints(function, include_extras=True)
    return tuple(_parameter(p, hints) for p in list(signature.parameters.values())[given:])


def _parameter(parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Parameter:
    if parameter.name not in hints:
        raise TypeError(f"Parameter {parameter.name!r} needs a type annotation")
    annotated = hints[parameter.name]
    metas = [meta for meta in getattr(annotated, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
    return Parameter(
        name=parameter.name,
        type=annotated,
        default=parameter.default,
        meaning=" ".join(meta.description for meta in metas if meta.description),
        allowed=_allowed(annotated, metas),
        variadic=parameter.kind is inspect.Parameter.VAR_POSITIONAL,
        neutral=next((m.extra["neutral"] for m in metas if m.extra), inspect.Parameter.empty),
    )


def _allowed(annotated: Any, metas: list[msgspec.Meta]) -> str:
    """Say in words which values an annotation admits, e.g. ``a number > 0 and <= 1``."""
    bare = typing.get_args(annotated)[0] if typing.get_origin(annotated) is typing.Annotated else annotated
    if typing.get_origin(bare) is typing.Literal:
        return "one of " + ", ".join(repr(choice) for choice in typing.get_args(bare))
    noun = {int: "a whole number", float: "a number", bool: "True or False", str: "a text"}.get(bare, str(bare))
    signs = (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="))
    given = [(sign, getattr(meta, key)) for meta in metas for key, sign in signs]
    limits = [f"{sign} {_number(limit)}" for sign, limit in given if limit is not None]
    return f"{noun} {' and '.join(limits)}".strip()


def _number(limit: float) -> str:
    """A limit without an exponent where it counts something."""
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:g}"


def bind(kind: str, entry: Entry, spelling: Spelling) -> dict[str, Any]:
    """Check a spelling's parameters and return all of them with their values, defaults filled in.

    A variadic parameter becomes one tuple. Raises UserError that names the parameter, what was given and what is
    allowed.
    """
    subject = f"{kind} {entry.name!r}"
    named = dict(spelling.named)
    single = [p for p in entry.parameters if not p.variadic]
    variadic = next((p for p in entry.parameters if p.variadic), None)
    if len(spelling.positional) > len(single) and variadic is None:
        count = len(single)
        takes = f"at most {count} parameter{'s' * (count != 1)}" if count else "no parameters"
        names = f" ({', '.join(p.name for p in single)})" if single else ""
        raise UserError(f"The {subject} takes {takes}{names}, but {len(spelling.positional)} were given.")
    leading = [] if variadic else single
    for parameter, value in zip(leading, spelling.positional, strict=False):
        if parameter.name in named:
            raise UserError(f"The {subject} was given {parameter.name!r} twice, by place and by name.")
        named[parameter.name] = value
    unknown = sorted(set(named) - {p.name for p in single})
    if unknown:
        known = [p.name for p in single]
        takes = f"It takes {', '.join(known)}." if known else "It takes no named parameters."
        raise UserError(f"The {subject} has no parameter {unknown[0]!r}.{did_you_mean(unknown[0], known)} {takes}")
    values: dict[str, Any] = {}
    for parameter in entry.parameters:
        if parameter.variadic:
            rest = spelling.positional
            if not rest:
                raise UserError(f"The {subject} needs at least one value: {parameter.allowed} ({parameter.meaning}).")
            values[parameter.name] = tuple(_checked(subject, parameter, value) for value in rest)
        elif parameter.name in named:
            values[parameter.name] = _checked(subject, parameter, named[parameter.name])
        elif parameter.required:
            raise UserError(f"The {subject} needs {parameter.name!r}: {parameter.allowed} ({parameter.meaning}).")
        else:
            values[parameter.name] = parameter.default
    return values


def _checked(subject: str, parameter: Parameter, value: Any) -> Any:
    try:
        converted = msgspec.convert(value, parameter.type)
    except msgspec.ValidationError:
        converted = None
    if converted is None or (isinstance(converted, float) and not math.isfinite(converted)):
        raise UserError(f"The {subject} got {parameter.name}={shown(value)}; allowed is {parameter.allowed}.")
    return converted


def choose(registry: Registry[EntryT], text: str) -> tuple[EntryT, dict[str, Any], Choice]:
    """Look a spelling up: the entry, all its parameter values, and the canonical choice. Raises UserError."""
    spelling = parse(text)
    entry = registry[spelling.path]
    values = bind(registry.kind, entry, spelling)
    short, full = (spell(entry.name, entry.parameters, values, full=full) for full in (False, True))
    return entry, values, Choice(short, full)


def spell(path: str, parameters: tuple[Parameter, ...], values: Mapping[str, Any], *, full: bool = False) -> str:
    """Write the canonical spelling: parameters in the order of the signature, those at their default left out.

    ``full`` writes every parameter: run keys use that form, so that a changed default is never taken for the old one.
    It leaves out neutral values, so that a parameter that came later changes no key.
    """
    words = []
    for parameter in parameters:
        value = values[parameter.name]
        if parameter.variadic:
            words += [literal(item) for item in value]
        elif value != (parameter.neutral if full else parameter.default):
            words.append(f"{parameter.name}={literal(value)}")
    return f"{path}({', '.join(words)})" if words else path


def literal(value: Any) -> str:
    """Write a parameter's value the one canonical way: ``2`` for 2.0 as for 2, else Python's shortest ``repr``."""
    if isinstance(value, float) and math.isinf(value):
        return "1e999" if value > 0 else "-1e999"  # Python has no literal for it that can be read again
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - exact in float64
        return str(int(value))
    return repr(value)


def signature(entry: Entry) -> str:
    """How an entry is spelled with its parameters and their defaults: ``swish(beta=1)``, ``mlp(*widths)``."""
    words = [
        f"*{p.name}" if p.variadic else p.name if p.required else f"{p.name}={literal(p.default)}"
        for p in entry.parameters
    ]
    return f"{entry.name}({', '.join(words)})" if words else entry.name


def describe(entry: Entry) -> dict[str, Any]:
    """An entry as plain values, for JSON: every field that is not a function."""
    plain: dict[str, Any] = {"name": entry.name, "summary": entry.summary}
    for item in fields(entry):  # type: ignore[arg-type]  # every entry is a dataclass
        value = getattr(entry, item.name)
        if item.name != "parameters" and not callable(value):
            value = sorted(value) if isinstance(value, frozenset) else value
            plain[item.name] = list(value) if isinstance(value, tuple) else value
    plain["parameters"] = [
        {"name": p.name, "default": None if p.required or p.variadic else p.default}
        | {"allowed": p.allowed, "meaning": p.meaning}
        for p in entry.parameters
    ]
    return plain
