"""A run between two epochs: enough to go on with the very same numbers, and nothing that has to be unpickled."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from actbench.results.record import Epoch

if TYPE_CHECKING:
    import numpy as np


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
    """

    run_key: str
    epochs: tuple[Epoch, ...]
    variables: list[np.ndarray[Any, Any]]
    stream: Any
    compile_seconds: float
    wall_seconds: float

    def to_bytes(self) -> bytes:
        """A NumPy archive: the arrays as they are, everything else as JSON."""
        import numpy as np

        facts = {
            "run_key": self.run_key,
            "epochs": [asdict(row) for row in self.epochs],
            "stream": [self.stream[0], *self.stream[2:]],
            "compile_seconds": self.compile_seconds,
            "wall_seconds": self.wall_seconds,
        }
        arrays: dict[str, Any] = {f"variable_{number}": value for number, value in enumerate(self.variables)}
        file = io.BytesIO()
        np.savez(file, facts=np.array(json.dumps(facts)), stream=self.stream[1], **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Checkpoint:
        """Read what ``to_bytes`` wrote. Raises ValueError, KeyError or zipfile.BadZipFile for anything else."""
        import numpy as np

        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            facts = json.loads(str(archive["facts"]))
            name, *rest = facts["stream"]
            return cls(
                run_key=facts["run_key"],
                epochs=tuple(Epoch(**row) for row in facts["epochs"]),
                variables=[archive[f"variable_{number}"] for number in range(len(archive.files) - 2)],
                stream=(name, archive["stream"], *rest),
                compile_seconds=facts["compile_seconds"],
                wall_seconds=facts["wall_seconds"],
            )
