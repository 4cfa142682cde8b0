"""What is to be compared: a base setting, a grid over any of its fields, and named variants; expands into runs."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from actbench import datasets
from actbench.errors import UserError, did_you_mean
from actbench.results.columns import SETTINGS
from actbench.studies.settings import Asked, complete
from actbench.studies.tuning.asked import Tuning

Fraction = Annotated[float, Meta(gt=0, lt=1)]
MOST_SEEDS = 10_000
"""Repeats that can be asked for by their number."""
MAX_SEEDS = 30
"""Of a sweep that adds seeds until it is decided, where nobody says how many."""
MOST_RUNS = 100_000
"""Runs of one study; their rows are held in memory."""


class Study(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A comparison: ``base``, with every combination of ``grid``, and each of the ``variants``, laid over it.

    ``grid`` maps names of settings to their values. A variant maps them to a value, which replaces the base's or the
    grid's, or to a list, which replaces the grid's; its seeds too may be others. ``thresholds`` are accuracies as
    fractions; None takes the data set's. ``checks`` are what ``compare`` is to fail on. ``data_dir`` is where
    ``NAME.npz`` may lie, ``max_memory`` how many GiB the data of a file may take; None is half of what is free.
    ``tuning`` says how each arm's own settings are chosen before it is scored; None: they are not.
    ``allow_code`` says that code in a saved model is trusted.
    ``folder`` is what the names of files are relative to: the study's own; the current one where it has none.
    """

    name: str = "adhoc"
    description: str = ""
    source: str = ""
    base: dict[str, Any] = {}
    grid: dict[str, list[Any]] = {}
    variants: dict[str, dict[str, Any]] = {}
    thresholds: tuple[Fraction, ...] | None = None
    checks: tuple[str, ...] = ()
    smoke: dict[str, Any] = {}
    tuning: Tuning | None = None
    data_dir: str | None = None
    max_memory: float | None = None
    folder: str = "."
    allow_code: bool = False

    def override(self, fields: Mapping[str, Any]) -> Study:
        """The same study with some settings fixed, or given a list of values, wherever it had them."""
        kept = {name: values for name, values in self.grid.items() if name not in fields}
        variants = {
            name: {key: value for key, value in changes.items() if key not in fields}
            for name, changes in self.variants.items()
        }
        lists = {name: value for name, value in fields.items() if isinstance(value, list)}
        plain = {name: value for name, value in fields.items() if not isinstance(value, list)}
        return msgspec.structs.replace(self, base=self.base | plain, grid=kept | lists, variants=variants)

    def only(self, chosen: Sequence[str]) -> Study:
        """The same study with no variants but these; with all of them where none is named.

        Raises:
            UserError: it has no variant of that name.
        """
        for name in chosen:
            if not self.variants:
                raise UserError(f"The study {self.name!r} has no variants: leave --variant {name} out.")
            if name not in self.variants:
                known = ", ".join(map(repr, self.variants))
                raise UserError(
                    f"The study {self.name!r} has no variant {name!r}.{did_you_mean(name, self.variants)} "
                    f"Known: {known}."
                )
        kept = {name: changes for name, changes in self.variants.items() if not chosen or name in chosen}
        return msgspec.structs.replace(self, variants=kept)

    @property
    def trial(self) -> Study:
        """The short trial of it: ``smoke`` laid over all, one epoch where it says nothing. Variants that come out equal
        then are tried once.
        """
        short = self.override(self.smoke or {"epochs": 1})
        tried: list[Asked] = []
        kept = {}
        for name, changes in short.variants.items():
            asked = [asked for _, asked in msgspec.structs.replace(short, variants={name: changes}).expanded]
            if any(one not in tried for one in asked):
                kept[name] = changes
                tried += asked
        return msgspec.structs.replace(short, variants=kept)

    @functools.cached_property
    def expanded(self) -> tuple[tuple[str, Asked], ...]:
        """Every run's variant and settings: seed by seed, the arms interleaved, so that a drift hits all arms alike.

        Raises:
            UserError: a value that the setting cannot hold, or more than ``MOST_RUNS`` runs.
        """
        runs = tuple(itertools.islice(self._expand(), MOST_RUNS + 1))
        if len(runs) > MOST_RUNS:
            raise UserError(f"The study {self.name!r} asks for more than {MOST_RUNS} runs. Part it into several.")
        return runs

    def _expand(self) -> Iterator[tuple[str, Asked]]:
        variants = self.variants or {"": {}}
        common = self.grid.get("seed", [self.base.get("seed", SETTINGS["seed"].default)])
        seeds = {variant: changes.get("seed", common) for variant, changes in variants.items()}
        for seed in dict.fromkeys(itertools.chain(*seeds.values())):
            for variant, changes in variants.items():
                if seed not in seeds[variant]:
                    continue
                axes = {name: values for name, values in self.grid.items() if name not in changes}
                axes |= {name: value for name, value in changes.items() if isinstance(value, list)}
                # The activation turns fastest, whatever order the file was written in.
                names = sorted(axes.keys() - {"seed"}, key=lambda name: (name == "activation", list(axes).index(name)))
                fixed = {name: value for name, value in changes.items() if not isinstance(value, list)}
                for values in itertools.product(*(axes[name] for name in names)):
                    yield variant, complete(self.base | fixed | dict(zip(names, values, strict=True)) | {"seed": seed})

    def chosen_thresholds(self) -> tuple[float, ...]:
        """The study's thresholds, or those that suit its data sets, in rising order."""
        if self.thresholds is not None:
            return tuple(sorted(set(self.thresholds)))
        names = {asked["data"] for _, asked in self.expanded}
        return tuple(sorted({t for name in names for t in datasets.describe(name).thresholds}))
