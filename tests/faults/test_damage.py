"""Stores that were cut or in which bits were flipped: told, never counted wrong, and made whole by the same command."""

import itertools
import logging
from pathlib import Path

import numpy as np
import pytest
from conftest import mostly_slow, small_arrays
from synthetic import DRAWN_OF_ALL, Arm, Task, record, write
from trial import Trial

from actbench.execution.forecast import forecast
from actbench.execution.local import LocalExecutor
from actbench.execution.plan import make_plan
from actbench.reports.plots import Look
from actbench.reports.plots.figures import save_picture
from actbench.results.columns import FINAL
from actbench.results.read import EPOCHS, RUNS
from actbench.results.store import Store
from actbench.studies.study import Study
from actbench.tables.findings import Question, analyse

STEP, QUICK_STEP = 50, 500
ARMS = [Arm("relu", seeds=(0, 1)), Arm("mish", seeds=(0, 1)), Arm("tanh", seeds=(0, 1), statuses={1: "diverged"})]
FIGURES = ["test_accuracy", "best_test_accuracy", "train_accuracy", "epochs_to_90", "seconds_to_90", "train_seconds"]
steps = pytest.mark.parametrize("step", [QUICK_STEP, pytest.param(STEP, marks=pytest.mark.slow)])
files = pytest.mark.parametrize("name", mostly_slow([RUNS, EPOCHS]))


class Damaged:
    """A store that can be damaged again and again, beside what is known of it while it was whole."""

    def __init__(self, folder):
        np.savez(folder / "small.npz", **small_arrays())
        asked = {"activation": ["relu", "mish", "tanh"]}, {"data": str(folder / "small.npz"), "batch_size": 20}
        self.plan = make_plan(Study(grid=asked[0], base=asked[1]), LocalExecutor())
        (data,) = self.plan.data.values()
        self.task = Task(model=self.plan.runs[0][0].model.spelling, epochs=4, settings={"dataset_sha256": data.sha256})
        self.folder = write(folder / "store", [(self.task, ARMS)])
        self.good = {name: (self.folder / name).read_bytes() for name in (RUNS, EPOCHS)}
        self.records = {
            one.run.key: one for arm in ARMS for seed in arm.seeds for one in [record(self.task, arm, seed)]
        }
        self.figures = self.shown()
        assert len(self.figures) == len(self.records)

    def damage(self, name, content):
        for file, good in self.good.items():
            (self.folder / file).write_bytes(content if file == name else good)

    def shown(self):
        """The figures of every run that ``compare`` counts, by its key."""
        runs = analyse([self.folder], Question(thresholds=(0.9,))).runs
        runs = runs[runs["status"].isin(FINAL)].set_index("run_key")
        table = runs[[column for column in runs if str(column) in FIGURES]]
        assert table.shape[1] == len(FIGURES)
        return {key: [str(value) for value in row] for key, row in zip(table.index, table.to_numpy(), strict=True)}

    def look(self, *, exact):
        """Show it, and see that no run has other figures than it had."""
        shown = self.shown()
        if exact:
            assert shown.items() <= self.figures.items(), "a run is shown with figures that it does not have"

    def plot(self):
        for kind in DRAWN_OF_ALL:
            save_picture(kind, analyse([self.folder], Question(thresholds=(0.9,))), Look(), Path("picture.png"))

    def mend(self, *, exact):
        """Open it for writing, and store again what is not there or not whole, as the same command would."""
        with Store.open(self.folder) as store:
            missing = [one for key, one in self.records.items() if store.statuses.get(key) not in FINAL]
            store.append(*missing)
        if exact:
            assert self.shown() == self.figures, "the same command does not bring everything back"


@pytest.fixture
def store(tmp_path):
    logging.disable(logging.WARNING)
    yield Damaged(tmp_path)
    logging.disable(logging.NOTSET)


def all_ways(store, trial, name, content, case, *, exact=True):
    """Look at a damaged store, plan with it, and write to it."""
    store.damage(name, content)
    trial(("compare", name, *case), lambda: store.look(exact=exact))
    trial(("run --dry-run", name, *case), lambda: forecast(store.plan, store.folder))
    trial(("run", name, *case), lambda: store.mend(exact=exact))


@files
@steps
def test_a_cut_file_is_told_and_mended(store, name, step, record_property):
    trial, good = Trial(f"cut {name}"), store.good[name]
    for place in range(0, len(good), step):
        all_ways(store, trial, name, good[:place], (place,))
    record_property("trial", trial.report)
    trial.check()


@files
@steps
def test_a_flipped_bit_is_told(store, name, step, record_property):
    trial, good = Trial(f"flip {name}"), store.good[name]
    for place, bit in zip(range(step // 2, len(good), step), itertools.cycle(range(8))):
        content = bytearray(good)
        content[place] ^= 1 << bit
        all_ways(store, trial, name, bytes(content), (place, bit))
    record_property("trial", trial.report)
    trial.check()


@pytest.mark.slow
@files
def test_pictures_of_damaged_stores(store, name, record_property):
    trial, good = Trial(f"plot {name}"), store.good[name]
    for place in range(0, len(good), 20 * STEP):
        for content in (good[:place], good[:place] + b"9" + good[place + 1 :]):
            store.damage(name, content)
            trial((name, place), store.plot)
    record_property("trial", trial.report)
    trial.check()
