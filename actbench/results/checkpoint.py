"""A run between two epochs: enough to go on with the very same numbers, and nothing that has to be unpickled."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from actbench.results.columns import EPOCH_FIELDS, Epoch

if TYPE_CHECKING:
    import numpy as np


MARK = "actbench-checkpoint"
FORM = "3"
"""Of the file. Rows in it that are older than a column of today's have the column's neutral value."""


@dataclass(frozen=True)
class Checkpoint:
    """The state after an epoch.

    Attributes:
        run_key: the run.
        epochs: its rows so far.
        variables: the values of the program's variables, in its order.
        stream: the state of the NumPy stream that draws batch orders, as ``RandomState.get_state()`` gives it.
        compile_seconds: of all sittings so far.
        wall_seconds: of all sittings so far.
        sittings: how many there were.
    """

    run_key: str
    epochs: tuple[Epoch, ...]
    variables: list[np.ndarray[Any, Any]]
    stream: Any
    compile_seconds: float
    wall_seconds: float
    sittings: int

    def to_bytes(self) -> bytes:
        """A first line with the form's version and the digest of the rest, then a NumPy archive.

        In the archive stand the arrays as they are, and everything else as JSON.
        """
        import numpy as np

        state = {
            "run_key": self.run_key,
            "epochs": [asdict(row) for row in self.epochs],
            "stream": [self.stream[0], *self.stream[2:]],
            "compile_seconds": self.compile_seconds,
            "wall_seconds": self.wall_seconds,
            "sittings": self.sittings,
        }
        arrays: dict[str, Any] = {f"variable_{number}": value for number, value in enumerate(self.variables)}
        file = io.BytesIO()
        np.savez(file, state=np.array(json.dumps(state)), stream=self.stream[1], **arrays)
        archive = file.getvalue()
        return f"{MARK} {FORM} {_digest(archive)}\n".encode() + archive

    @classmethod
    def from_bytes(cls, content: bytes) -> Checkpoint:
        """Read what ``to_bytes`` wrote; what is damaged anywhere is found by its digest before it is looked into.

        Raises:
            ValueError: it is anything else; says what.
        """
        import numpy as np

        line, _, archive = content.partition(b"\n")
        words = line.decode(errors="replace").split(" ")
        if words[0] != MARK or len(words) != len((MARK, FORM, "digest")):
            raise ValueError("it is no checkpoint")
        if words[1] != FORM:
            raise ValueError(f"it is of form {words[1][:20]!r}, this actbench writes {FORM!r}")
        if words[2] != _digest(archive):
            raise ValueError("it is damaged")
        try:
            neutral = {column.name: column.neutral for column in EPOCH_FIELDS if column.since > 1}
            with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
                state = json.loads(str(arrays["state"]))
                name, *rest = state["stream"]
                found = cls(
                    run_key=msgspec.convert(state["run_key"], str),
                    epochs=tuple(msgspec.convert(neutral | row, Epoch) for row in state["epochs"]),
                    variables=[arrays[f"variable_{number}"] for number in range(len(arrays.files) - 2)],
                    stream=(name, arrays["stream"], *rest),
                    compile_seconds=msgspec.convert(state["compile_seconds"], float),
                    wall_seconds=msgspec.convert(state["wall_seconds"], float),
                    sittings=msgspec.convert(state["sittings"], int),
                )
        except Exception as error:  # a forged archive can make its readers raise anything
            raise ValueError(f"it was not written by actbench: {error}") from error
        if [row.epoch for row in found.epochs] != list(range(len(found.epochs))) or not found.epochs:
            raise ValueError("it was not written by actbench: its epochs do not count up from 0")
        if any(value.dtype.kind in "USO" for value in found.variables):
            raise ValueError("it was not written by actbench: it holds texts in place of weights")
        return found


def _digest(archive: bytes) -> str:
    return hashlib.sha256(archive).hexdigest()
