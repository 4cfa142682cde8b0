"""Whose seconds may be laid side by side: a seed's two runs, each in one piece, near each other, with like company."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

# A machine is another one an hour later: other programs, other clocks of its cores. The arms of a seed are trained one
# after the other, so that runs that began further apart than this many of their own lengths were not measured together.
NEAR_RUNS = 20
NEAR_SECONDS = 600.0
"""Short runs may lie this far apart all the same."""
FAR_SECONDS = 3600.0
"""Runs that lie further apart were not measured together, unless they are so long that few fit in between."""
FEW_RUNS = 3
ALIKE_CORES = 0.5
"""Cores that others may have kept busier beside one of the two runs than beside the other."""


@dataclass(frozen=True, slots=True)
class Timed:
    """When and beside what a run was timed.

    Attributes:
        started: seconds since 1970; nan where it is not known.
        wall: its own length in seconds; nan where it is not known.
        jobs: runs at a time.
        others: cores that other processes kept busy; nan where it is not known.
        sittings: how often it was begun or gone on with; nan where it is not known.
        device: the device's name; empty where it is not known.
    """

    started: float
    wall: float
    jobs: int
    others: float
    sittings: float = math.nan
    device: str = ""

    @property
    def in_pieces(self) -> bool:
        """Whether it was broken off and gone on with: its seconds are of several times, of which one is known."""
        return self.sittings > 1

    def is_elsewhere(self, other: Timed) -> bool:
        """Whether the two are known to have run on different devices."""
        return bool(self.device and other.device) and self.device != other.device

    def is_near(self, other: Timed) -> bool:
        """Whether the two were measured together, as far as is known."""
        length = max((length for length in (self.wall, other.wall) if not math.isnan(length)), default=0.0)
        allowed = max(NEAR_SECONDS, min(NEAR_RUNS * length, max(FAR_SECONDS, FEW_RUNS * length)))
        return not abs(self.started - other.started) > allowed

    def is_as_busy(self, other: Timed) -> bool:
        """Whether others kept about as much of the machine busy beside both, as far as is known."""
        return not abs(self.others - other.others) > ALIKE_CORES


@dataclass(frozen=True, slots=True)
class ClockPairs:
    """The pairs of two arms whose seconds may be compared, and those that may not.

    Attributes:
        seeds: of the pairs that may.
        far_apart: seeds whose two runs began too far from each other.
        other_jobs: seeds whose two runs had different numbers of runs beside them.
        others_cores: the most cores that other processes kept busy during any of the runs of ``seeds``; None where no
            run says.
        other_load: seeds beside one of whose two runs others kept more cores busy than beside the other. With several
            runs at a time, one of a pair may have had company and the other none.
        in_pieces: seeds one of whose two runs was broken off and gone on with.
        elsewhere: seeds whose two runs had different devices.
    """

    seeds: tuple[int, ...]
    far_apart: tuple[int, ...]
    other_jobs: tuple[int, ...]
    others_cores: float | None
    other_load: tuple[int, ...] = ()
    in_pieces: tuple[int, ...] = ()
    elsewhere: tuple[int, ...] = ()

    @property
    def left_out(self) -> int:
        """How many pairs may not be compared."""
        pairs = (self.far_apart, self.other_jobs, self.other_load, self.in_pieces, self.elsewhere)
        return sum(map(len, pairs))


def timed_runs(runs: pd.DataFrame) -> dict[str, dict[int, Timed]]:
    """When the runs of each arm were timed, by seed.

    Args:
        runs: with the columns arm, seed, started_at, wall_seconds, jobs, others_cores, sittings and device_name.
    """
    import pandas as pd

    starts = pd.to_datetime(runs["started_at"], format="ISO8601", utc=True, errors="coerce")
    since_1970 = ((starts - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)).to_numpy(dtype=np.float64)
    walls = runs["wall_seconds"].to_numpy(dtype=np.float64)
    # A run that says nothing of others beside it was alone.
    jobs = runs["jobs"].fillna(1).to_numpy(dtype=np.int64)
    others, sittings = (runs[name].to_numpy(dtype=np.float64) for name in ("others_cores", "sittings"))
    found: dict[str, dict[int, Timed]] = {}
    devices = runs["device_name"].fillna("").to_numpy()
    columns = (values.tolist() for values in (since_1970, walls, jobs, others, sittings, devices))
    for arm, seed, *clock in zip(runs["arm"], runs["seed"].astype(int).tolist(), *columns, strict=True):
        found.setdefault(arm, {})[seed] = Timed(*clock)
    return found


def clock_pairs(arm: Mapping[int, Timed], baseline: Mapping[int, Timed], seeds: Iterable[int]) -> ClockPairs:
    """Which of some seeds that both arms have may be compared by their seconds."""
    kept, far_apart, other_jobs, other_load, in_pieces, elsewhere = [], [], [], [], [], []
    for seed in seeds:
        first, second = arm[seed], baseline[seed]
        if first.in_pieces or second.in_pieces:
            in_pieces.append(seed)
        elif first.is_elsewhere(second):
            elsewhere.append(seed)
        elif first.jobs != second.jobs:
            other_jobs.append(seed)
        elif not first.is_near(second):
            far_apart.append(seed)
        elif not first.is_as_busy(second):
            other_load.append(seed)
        else:
            kept.append(seed)
    busy = [timed.others for seed in kept for timed in (arm[seed], baseline[seed]) if not math.isnan(timed.others)]
    return ClockPairs(
        seeds=tuple(kept),
        far_apart=tuple(far_apart),
        other_jobs=tuple(other_jobs),
        others_cores=max(busy, default=None),
        other_load=tuple(other_load),
        in_pieces=tuple(in_pieces),
        elsewhere=tuple(elsewhere),
    )
