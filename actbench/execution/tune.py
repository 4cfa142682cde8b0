"""Each arm at its own best settings: tuning runs, round by round, then fresh seeds at what they chose.

Both kinds are ordinary runs of the store. What is to be tried next, and what is chosen, is found out anew from the
store after every round, so that the same command goes on after a break as if there had been none.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from actbench import custom, datasets
from actbench.errors import UserError
from actbench.execution.events import Listener, TuningEnded
from actbench.execution.executor import Executor
from actbench.execution.plan import Plan
from actbench.execution.sweep import Announcer, Options, Outcome, sweep
from actbench.registry import Choice, choose
from actbench.results.columns import SCORING, SETTINGS, TUNING, Run
from actbench.results.key import digest
from actbench.results.read import MANIFEST, read_manifest
from actbench.results.store import Store
from actbench.results.tunings import BESIDE, StoredTuning, Tried, tunings_in
from actbench.studies.expand import expand
from actbench.studies.settings import Asked
from actbench.studies.study import Study
from actbench.studies.tuning.asked import SCORING_SEEDS, Values, laid_over, place_of, value_in
from actbench.studies.tuning.protocols import Search
from actbench.studies.tuning.trials import Key, Result, Trial, Tuned
from actbench.tables.choices import doubted
from actbench.tables.comparison import default_baseline
from actbench.tables.tuning import results_of, trials_of
from actbench.training.optimizers import OPTIMIZERS


@dataclass(frozen=True)
class Family:
    """The arms of one question, which are tuned alike.

    Attributes:
        name: of the tuning, in the column ``tuning``.
        variant: of the study.
        search: what it tries.
        asked: each arm's settings, at the shared values, with the first scoring seed.
        seeds: the scoring seeds.
    """

    name: str
    variant: str
    search: Search
    asked: Mapping[str, Asked]
    seeds: tuple[int, ...]


class Tuner:
    """Plans a study whose arms are tuned.

    Attributes:
        study: what is compared.
        families: its questions.
    """

    def __init__(self, study: Study, executor: Executor, folder: Path) -> None:
        """Expand a study at its shared settings. Raises UserError where it cannot be carried out or tuned so.

        Args:
            study: one that tunes.
            executor: what trains.
            folder: of the store, which may know of arms that were tuned so before.
        """
        if study.tuning is None:
            raise ValueError("a study without a tuning")
        self.before = tunings_in(read_manifest(folder)) if (folder / MANIFEST).is_file() else {}
        self.tuning = study.tuning
        self.study = _with_seeds(study)
        self._info = functools.cache(datasets.info)
        self._device_kind = executor.device_kind
        self._asked = shared_settings(study)
        _check_no_validation(self._asked)
        # What the tuning has no room for is said before anything that follows from it.
        self._plan([(variant, self._judged(asked)) for variant, asked in self._asked], role=TUNING, run_code=True)
        self.shared = self._plan(self._asked)
        self.families = self._families()

    def tuning_plan(self, results: Mapping[str, Mapping[Key, Result]]) -> tuple[Plan, dict[str, tuple[str, Key]]]:
        """The tuning runs that are needed by the results so far, and what each of them is for, by its key.

        Args:
            results: by the name of the family.
        """
        places = [(family, key) for family in self.families for key in family.search.needed(results[family.name])]
        # Seed by seed, as scoring runs are.
        places.sort(key=lambda place: place[0].search.seeds.index(place[1][2]))
        asked_for = [(family.variant, self._trial(family, *key)) for family, key in places]
        plan = self._plan(asked_for, role=TUNING)
        runs = tuple(
            (replace(run, tuning=family.name), request)
            for (run, request), (family, _) in zip(plan.runs, places, strict=True)
        )
        purposes = {run.key: (family.name, key) for (run, _), (family, key) in zip(runs, places, strict=True)}
        return replace(plan, runs=runs), purposes

    def scoring_plan(self, chosen: Mapping[str, Mapping[str, Tuned]]) -> Plan:
        """The scoring runs: every arm at its own settings, all at the shared ones, and an arm and its baseline at equal
        ones where the tuning cannot tell their own apart; see ``tables.choices``.

        Args:
            chosen: by the name of the family, by arm.
        """
        asked_for: list[tuple[str, Asked]] = []
        names: list[str] = []
        for family in self.families:
            places = _places(family, chosen[family.name])
            for seed in family.seeds:
                for asked, name in places:
                    asked_for.append((family.variant, dict(asked) | {"seed": seed}))
                    names.append(name)
        order = sorted(range(len(asked_for)), key=lambda number: self._place(asked_for[number][1]["seed"]))
        plan = self._plan([asked_for[number] for number in order])
        runs = tuple(
            (replace(run, tuning=names[number]), request)
            for (run, request), number in zip(plan.runs, order, strict=True)
        )
        return replace(plan, runs=runs)

    def chosen(self, results: Mapping[str, Mapping[Key, Result]]) -> dict[str, dict[str, Tuned]]:
        """What every arm is best with, by the name of the family, by arm: from all results that are needed."""
        return {family.name: family.search.chosen(results[family.name]) for family in self.families}

    def later(self, results: Mapping[str, Mapping[Key, Result]]) -> dict[tuple[str, str], int]:
        """How many tuning runs each arm takes beyond those of the plan, by the names of its family and its own.

        Which these are depends on what comes of the plan's. Trials that a protocol may add do not count.
        """
        return {
            (family.name, arm): family.search.later(results[family.name])
            for family in self.families
            for arm in family.search.arms
        }

    @property
    def most_beside(self) -> int:
        """How many scoring runs there are at most beside those at the shared settings.

        Each arm at its own; and each but the baseline at the baseline's, and the baseline at theirs.
        """
        return sum((3 * len(family.asked) - 2) * len(family.seeds) for family in self.families)

    def _place(self, seed: int) -> int:
        return self._seeds.index(seed)

    @functools.cached_property
    def _seeds(self) -> list[int]:
        return list(dict.fromkeys(seed for family in self.families for seed in family.seeds))

    def _plan(self, asked_for: Sequence[tuple[str, Asked]], *, role: str = SCORING, run_code: bool = False) -> Plan:
        with custom.names_from(self.study.folder):
            runs = expand(self.study, self._info, self._device_kind, run_code=run_code, asked_for=asked_for, role=role)
        data = {request.label: self._info(request) for _, request in runs}
        return Plan(self.study, tuple(runs), data, self.study.chosen_thresholds())

    def _families(self) -> tuple[Family, ...]:
        found: dict[str, tuple[Run, dict[str, Asked], list[int]]] = {}
        for (_, asked), (run, _) in zip(self._asked, self.shared.runs, strict=True):
            search = Search(self.tuning, asked["optimizer"], ())
            hidden = {"seed", "activation", *(place_of(name) for name in search.searched)}
            question = {name: value for name, value in run.definition.items() if name not in hidden}
            if "optimizer" in hidden:
                question["optimizer"] = run.optimizer.spelling.partition("(")[0]
            its = {"question": question, "tuning": msgspec.to_builtins(self.tuning)}
            name = f"{self.tuning.protocol}-{digest(its)[:8]}"
            _, arms, seeds = found.setdefault(name, (run, {}, []))
            asked = _spelled_out(asked, run, search.searched)  # noqa: PLW2901 - the same, in more words
            known = arms.setdefault(run.activation.spelling, asked)
            if dict(known) | {"seed": 0} != dict(asked) | {"seed": 0}:
                raise UserError(
                    f"The tuning chooses the {', '.join(search.searched)} of each arm: give one shared value, not "
                    "several."
                )
            if asked["seed"] not in seeds:
                seeds.append(asked["seed"])
        families = []
        for name, (run, arms, seeds) in found.items():
            tried = trials_of(self.before[name]) if name in self.before else ()
            search = Search(self.tuning, run.optimizer.spelling, tuple(arms), tuple(tried))
            families.append(self._checked(Family(name, run.variant, search, arms, tuple(seeds))))
        return tuple(families)

    def _checked(self, family: Family) -> Family:
        """The family. Raises UserError for tuning seeds that score, too."""
        both = sorted(set(family.seeds) & set(family.search.seeds))
        if both:
            raise UserError(
                f"The seed{'s' * (len(both) > 1)} {', '.join(map(str, both))} would both tune and score. What chose a "
                "setting must not judge it: take other seeds."
            )
        return family

    def _trial(self, family: Family, arm: str, trial: Trial, seed: int) -> Asked:
        return self._judged(laid_over(family.asked[arm], trial.settings)) | {"seed": seed}

    def _judged(self, asked: Asked) -> dict[str, Any]:
        """Settings with the tuning's part for validation."""
        return dict(asked) | {"validation_split": self.tuning.validation_split, "split": "stratified"}


def _places(family: Family, chosen: Mapping[str, Tuned]) -> list[tuple[Asked, str]]:
    """Where each arm is scored, whatever the seed, each with the names of tunings that the run belongs to."""
    baseline = default_baseline(list(family.asked))
    places: list[tuple[Asked, str]] = []
    for arm, shared in family.asked.items():
        own = laid_over(shared, chosen[arm].trial.settings)
        beside = [trial for other in family.asked for trial in _doubted(chosen, arm, other, baseline)]
        its = [(own, family.name), (dict(shared), "")]
        its += [(laid_over(shared, trial.settings), family.name + BESIDE) for trial in beside]
        seen: list[Values] = []
        for asked, name in its:
            settings = tuple((searched, value_in(asked, searched)) for searched in family.search.searched)
            if settings not in seen:
                seen.append(settings)
                places.append((asked, name))
    return places


def _spelled_out(asked: Asked, run: Run, searched: Sequence[str]) -> dict[str, Any]:
    """Settings with what its run has of those that are searched: "as usual" is one of the values that are tried."""
    values = {name: getattr(run, name) for name in searched if place_of(name) == name}
    return dict(asked) | {
        name: value.spelling if isinstance(value, Choice) else value for name, value in values.items()
    }


def _doubted(chosen: Mapping[str, Tuned], arm: str, other: str, baseline: str) -> list[Trial]:
    """At which settings an arm is to be compared with another one, if one of the two is the baseline."""
    if arm == other or baseline not in (arm, other):
        return []
    return doubted(chosen, other if arm == baseline else arm, baseline)


def _check_no_validation(asked_for: Sequence[tuple[str, Asked]]) -> None:
    """Raise UserError for settings of a validation part: scored runs have none."""
    for name in ("patience", "split", "validation_split"):
        option = SETTINGS[name].option
        if any(asked[name] != SETTINGS[name].default for _, asked in asked_for):
            raise UserError(
                f"A tuning and {option} do not go together: the tuning keeps its own part for validation ([tuning] "
                "validation_split), and what is scored trains on the whole training part and has none. Leave "
                f"{option} out."
            )


def _with_seeds(study: Study) -> Study:
    """The study, with `SCORING_SEEDS` where it says nothing of seeds."""
    places = (study.base, study.grid, *study.variants.values())
    if any("seed" in place for place in places):
        return study
    return msgspec.structs.replace(study, grid=study.grid | {"seed": list(range(SCORING_SEEDS))})


def shared_settings(study: Study) -> list[tuple[str, Asked]]:
    """The scoring runs of a study that tunes, each with its variant, at the settings that all arms share."""
    seeded = _with_seeds(study)
    return [(variant, _shared(seeded, variant, asked)) for variant, asked in seeded.expanded]


def _shared(study: Study, variant: str, asked: Asked) -> Asked:
    """Settings with the learning rate that all arms share: the one that was asked for, or the optimizer's usual one."""
    places = (study.base, study.grid, study.variants.get(variant, {}))
    if any("learning_rate" in place for place in places):
        return asked
    return dict(asked) | {"learning_rate": choose(OPTIMIZERS, asked["optimizer"])[0].usual}


def stored(
    tuner: Tuner, results: Mapping[str, Mapping[Key, Result]], chosen: Mapping[str, Mapping[str, Tuned]]
) -> dict[str, StoredTuning]:
    """What the manifest says of a study's tunings, by their names; of arms that another study tuned so, too."""
    found = {}
    for family in tuner.families:
        search = family.search
        trials = search.trials(results[family.name])
        first = next(iter(family.asked.values()))
        before = tuner.before[family.name].chosen if family.name in tuner.before else {}
        found[family.name] = StoredTuning(
            protocol=tuner.tuning.protocol,
            budget=tuner.tuning.budget,
            searched=search.searched,
            shared={name: value_in(first, name) for name in search.searched},
            validation_split=tuner.tuning.validation_split,
            seeds=search.seeds,
            trials=tuple(Tried(settings=dict(trial.settings), group=trial.group) for trial in trials),
            chosen=before | {arm: dict(tuned.trial.settings) for arm, tuned in chosen[family.name].items()},
        )
    return found


def known_results(tuner: Tuner, folder: Path) -> tuple[dict[str, dict[Key, Result]], Plan | None]:
    """What a store knows of a study's tuning runs, and the plan of the round that it lacks some of; None of none."""
    results: dict[str, dict[Key, Result]] = {family.name: {} for family in tuner.families}
    while True:
        plan, purposes = tuner.tuning_plan(results)
        found = results_of(folder, purposes)
        if len(found) < len(purposes):
            return results, plan
        if not _taken_in(results, found, purposes):
            return results, None


def _taken_in(
    results: dict[str, dict[Key, Result]], found: Mapping[str, Result], purposes: Mapping[str, tuple[str, Key]]
) -> bool:
    """Put what runs came to where it belongs. Returns whether anything of it was new."""
    before = sum(map(len, results.values()))
    for run_key, result in found.items():
        family, key = purposes[run_key]
        results[family][key] = result
    return sum(map(len, results.values())) > before


def sweep_tuned(
    tuner: Tuner, folder: Path, options: Options | None = None, listeners: Sequence[Listener] = ()
) -> tuple[Plan | None, Outcome]:
    """Tune every arm, then score all.

    A round whose runs did not all come to a result chooses nothing: the sweep ends there, as one that failed.

    Args:
        tuner: of the study.
        folder: of the store.
        options: how each sweep is carried out; ``rerun`` is not for this.
        listeners: hear the events of every sweep, and a ``TuningEnded`` when the settings are chosen.

    Returns:
        The plan of the scoring runs, None where it did not come to that, and what all sweeps came to together.

    Raises:
        UserError, KeyboardInterrupt: as ``sweep``.
    """
    announce = Announcer(listeners)
    outcome = Outcome((), complete=True)
    results: dict[str, dict[Key, Result]] = {family.name: {} for family in tuner.families}
    while True:
        plan, purposes = tuner.tuning_plan(results)
        its = sweep(plan, folder, options, listeners)
        outcome = replace(its, trained=(*outcome.trained, *its.trained))
        if not its.complete:
            return None, outcome
        if not _taken_in(results, results_of(folder, purposes), purposes):
            break
    chosen = tuner.chosen(results)
    entry = {"tunings": msgspec.to_builtins(stored(tuner, results, chosen))}
    with Store.open(folder) as store:
        store.write_manifest(entry)
    announce(TuningEnded(chosen))
    scoring = tuner.scoring_plan(chosen)
    its = sweep(scoring, folder, options, listeners)
    return scoring, replace(its, trained=(*outcome.trained, *its.trained))
