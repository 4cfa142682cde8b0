"""How a store's seeds came to be: the designs that chose them by results, and the sittings that asked for them.

Both stand in the manifest. A **design** is about one family: the arms of one task and their baseline. Arms are known by
the key of their first run, which says what they are whatever a study calls them. A **sitting** is a command that
trained into the store; who looked at the results of one and asked for more seeds in the next has tested twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from actbench.results.columns import Run
from actbench.results.key import digest


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an arm, and when: at which look, counted from 1, and with how many seeds."""

    standing: str
    look: int
    seeds: int
    p_value: float


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """How the seeds of a family were chosen.

    Attributes:
        metric: what the arms were compared by.
        baseline: the arm that they were compared with.
        rule: which epoch's figures were a run's.
        arms: all arms, the baseline among them, each with the key of its run with seed 0.
        margin: the smallest difference worth caring about; None is the metric's own, going by the first look.
        alpha: error over all looks and arms.
        spending: the name of the spending function.
        looks: numbers of seeds, rising.
        decided: what is known by now, for whoever reads the manifest: tables find it out anew.
    """

    metric: str
    rule: str
    baseline: str
    arms: dict[str, str]
    margin: Annotated[float, Meta(ge=0)] | None
    alpha: float
    spending: str
    looks: tuple[Annotated[int, Meta(ge=6, le=10_000)], ...]
    decided: dict[str, Decided] = {}

    def __post_init__(self) -> None:
        """Raise ValueError for looks that do not rise, an error that cannot be spent, or another way to spend it."""
        from actbench.statistics.sequential import SPENDING, spending

        if list(self.looks) != sorted(set(self.looks)) or not self.looks:
            raise ValueError(f"the looks must rise: {list(self.looks)}")
        if self.spending != SPENDING:
            raise ValueError(f"the error can be spent by {SPENDING!r} only, not by {self.spending!r}")
        spending(self.looks[0], self.alpha)

    def asks_the_same(self, other: Design) -> bool:
        """Whether two designs are one but for how many seeds they may take."""
        return all(
            getattr(self, name) == getattr(other, name)
            for name in ("metric", "rule", "baseline", "arms", "margin", "alpha", "spending")
        )


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """A command that trained into the store: when it began, for which study, with which seeds.

    ``until_decided`` says that a design chose among them.
    """

    at: str
    study: str
    seeds: Annotated[str, Meta(pattern=r"^[0-9]{1,10}(-[0-9]{1,10})?(,[0-9]{1,10}(-[0-9]{1,10})?)*$")]
    until_decided: bool = False

    def continues(self, other: Sitting) -> bool:
        """Whether it asked for what another did, as a command does that goes on after a break."""
        return (self.study, self.seeds, self.until_decided) == (other.study, other.seeds, other.until_decided)

    @property
    def asked(self) -> frozenset[int]:
        """The seeds that it asked for."""
        spans = (part.partition("-") for part in self.seeds.split(","))
        return frozenset(seed for first, _, last in spans for seed in range(int(first), int(last or first) + 1))


def family_key(run: Run) -> str:
    """What the arms of one task share, as a digest: everything that was asked for but activation and seed."""
    shared = {name: value for name, value in run.definition.items() if name not in ("activation", "seed")}
    return digest(shared | {"dataset": run.dataset})


def seeds_text(seeds: Iterable[int]) -> str:
    """Seeds as ``0-9,12``."""
    spans: list[list[int]] = []
    for seed in sorted(set(seeds)):
        if spans and seed == spans[-1][1] + 1:
            spans[-1][1] = seed
        else:
            spans.append([seed, seed])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def designs_in(manifest: Mapping[str, Any]) -> dict[str, Design]:
    """The designs of a manifest by the key of their family."""
    return msgspec.convert(manifest.get("designs", {}), dict[str, Design])


def sittings_in(manifest: Mapping[str, Any]) -> list[Sitting]:
    """The sittings of a manifest, in the order in which they began."""
    return msgspec.convert(manifest.get("sittings", []), list[Sitting])
