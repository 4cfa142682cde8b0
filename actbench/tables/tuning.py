"""What tuning runs came to, read from stores: results by trial, and what each arm was best with."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from actbench.results.columns import FINAL, TUNING
from actbench.results.frames import epoch_chunks, run_frame
from actbench.results.read import RUNS
from actbench.results.tunings import StoredTuning, names_in
from actbench.studies.tuning.asked import value_in
from actbench.studies.tuning.budget import expected_best
from actbench.studies.tuning.trials import Key, Result, Trial, Tuned, score, tuned
from actbench.tables.outcomes import Outcome, outcomes
from actbench.tables.warnings import ChosenByLuck, ChosenOnEdge, LearnedNowhere, TableWarning, TriedLess

if TYPE_CHECKING:
    import pandas as pd

READ = ("epoch", "train_accuracy", "val_accuracy", "val_loss")


@dataclass(frozen=True)
class TuningFindings:
    """What was found about one tuning.

    Attributes:
        name: its name.
        stored: what the manifest says of it.
        arms: what each arm was best with, in the order of the arms.
        results: of every tuning run.
    """

    name: str
    stored: StoredTuning
    arms: Mapping[str, Tuned]
    results: Mapping[Key, Result]

    @property
    def runs(self) -> tuple[int, int]:
        """Tuning runs that it took, and those of the full budget."""
        trials = sum(len(its.scores) for its in self.arms.values())
        return len(self.results), trials * len(self.stored.seeds)

    def has_chosen(self, row: Mapping[str, Any]) -> bool:
        """Whether a scoring run has what its arm is best with by all that is known now; also where nothing is known."""
        best = self.arms.get(str(row["arm"]))
        return best is None or tuple((n, value_in(row, n)) for n in self.stored.searched) == best.trial.settings

    def budget(self, arm: str) -> list[float]:
        """The expected best validation accuracy of k = 1 … n random trials of an arm."""
        return expected_best([its.accuracy for its in self.arms[arm].scores.values()])


def about_tuning(
    found: TuningFindings, arms: Sequence[str], baseline: str, confirmed: Collection[str] = ()
) -> list[TableWarning]:
    """Warnings about what was chosen for the arms of a task.

    Two arms of one function that choose different rates by luck do differ at these rates, and ten seeds find that. So
    where the tuning cannot tell the two choices apart, in either arm, a verdict may be of the choice; but for arms that
    are ``confirmed``, whose verdicts hold at equal settings too.
    """
    tuned = {arm: found.arms[arm] for arm in arms if arm in found.arms}
    edge = tuple(arm for arm, its in tuned.items() if its.on_edge)
    warnings: list[TableWarning] = [ChosenOnEdge(edge)] if edge else []
    if nowhere := tuple(arm for arm, its in tuned.items() if not its.score.learned):
        warnings.append(LearnedNowhere(nowhere))
    most = max((len(its.scores) for its in tuned.values()), default=0)
    if less := {arm: len(its.scores) for arm, its in tuned.items() if len(its.scores) < most}:
        warnings.append(TriedLess(less, most))
    if (base := tuned.get(baseline)) is not None:
        others = {arm: its for arm, its in tuned.items() if its.trial != base.trial and arm not in confirmed}
        luck = tuple(
            arm for arm, its in others.items() if not (its.tells_from(base.trial) and base.tells_from(its.trial))
        )
        warnings += [ChosenByLuck(luck, baseline)] if luck else []
    return warnings


def results_of(folder: Path, keys: Collection[str]) -> dict[str, Result]:
    """What these tuning runs of a store came to, by their run keys; nothing of those that are not finished."""
    if not (folder / RUNS).is_file():
        return {}
    runs = run_frame(folder).assign(store=str(folder))
    return results(runs[runs["run_key"].isin(keys) & runs["status"].isin(FINAL)])


def results(runs: pd.DataFrame) -> dict[str, Result]:
    """What finished tuning runs came to, by their keys: the validation part after the last epoch."""
    import pandas as pd

    if runs.empty:
        return {}
    epochs = pd.concat([piece.astype({"run_key": "str"}) for piece in epoch_chunks(runs, READ)])
    epochs = epochs.sort_values("epoch", kind="stable")
    last = epochs.drop_duplicates("run_key", keep="last").set_index("run_key")
    highest = epochs[epochs["epoch"] > 0].groupby("run_key")["train_accuracy"].max()
    keys = runs["run_key"]
    told = outcomes(
        runs.assign(highest_train_accuracy=keys.map(highest), last_train_accuracy=keys.map(last["train_accuracy"]))
    )
    found = {}
    for key, chance, outcome in zip(keys, runs["chance"], told["outcome"], strict=True):
        row, diverged = last.loc[key], outcome == Outcome.DIVERGED
        known = 0.0 if math.isnan(chance) else float(chance)
        found[str(key)] = Result(
            accuracy=known if diverged else float(row["val_accuracy"]),
            loss=math.inf if diverged else float(row["val_loss"]),
            learned=outcome == Outcome.LEARNED,
        )
    return found


def trials_of(stored: StoredTuning) -> list[Trial]:
    """What was tried, in its order."""
    return [Trial(tuple((n, tried.settings[n]) for n in stored.searched), tried.group) for tried in stored.trials]


def find_tunings(
    folders: Sequence[Path], stored: Mapping[str, StoredTuning], wanted: Collection[str]
) -> dict[str, TuningFindings]:
    """What was found about these tunings, by their names; nothing of one whose runs are not there.

    Args:
        folders: the stores.
        stored: what their manifests say, by name.
        wanted: names; nothing is found of those that no manifest knows.
    """
    wanted = [name for name in wanted if name in stored]
    if not wanted:
        return {}
    runs = _tuning_runs(folders)
    of_each = [names_in(cell) for cell in runs["tuning"]]
    found = {}
    for name in wanted:
        its, part = stored[name], runs[[name in names for names in of_each]]
        if part.empty:
            continue
        by_key = results(part)
        trials = trials_of(its)
        known = {trial.settings: trial for trial in trials}
        placed: dict[Key, Result] = {}
        for row in cast("list[dict[str, Any]]", part.to_dict("records")):
            settings = tuple((n, value_in(row, n)) for n in its.searched)
            if settings in known:
                placed[str(row["activation"]), known[settings], int(row["seed"])] = by_key[row["run_key"]]
        found[name] = TuningFindings(name, its, _arms(trials, placed, its.seeds), placed)
    return found


def _tuning_runs(folders: Sequence[Path]) -> pd.DataFrame:
    """The finished tuning runs of some stores, each once, with the store that it was taken from."""
    import pandas as pd

    runs = pd.concat([run_frame(folder).assign(store=str(folder)) for folder in folders], ignore_index=True)
    return runs[(runs["role"] == TUNING) & runs["status"].isin(FINAL)].drop_duplicates("run_key")


def _arms(trials: Sequence[Trial], placed: Mapping[Key, Result], seeds: Sequence[int]) -> dict[str, Tuned]:
    arms = {}
    for arm in dict.fromkeys(arm for arm, _, _ in placed):
        its = {t: [seed for seed in seeds if (arm, t, seed) in placed] for t in trials}
        its = {t: some for t, some in its.items() if some}
        most = max(map(len, its.values()))
        scores = {t: score(placed, arm, t, some) for t, some in its.items()}
        arms[arm] = tuned(scores, finalists=[t for t, some in its.items() if len(some) == most])
    return arms
