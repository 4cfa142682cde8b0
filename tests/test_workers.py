"""Worker processes: what is set for a process stays in it, and what was edited in mid-sweep is not stored as before."""

import csv
import itertools
import multiprocessing as mp
import os
import time
from dataclasses import replace

import numpy as np
import pytest
from conftest import bytes_images, planned, small_arrays

from actbench import datasets, environment
from actbench.errors import UserError
from actbench.execution.events import (
    CheckpointRefused,
    CheckpointTaken,
    EpochEnded,
    Phase,
    PhaseBegan,
    RunEnded,
    RunStarted,
)
from actbench.execution.executor import Assignment
from actbench.execution.local import Growth, LocalExecutor
from actbench.execution.plan import make_plan
from actbench.execution.sweep import Options, sweep
from actbench.execution.worker import carry_out
from actbench.results.store import Store
from actbench.studies.study import Study
from actbench.training.programs import compiled_for
from actbench.training.run import ProcessSettings, Trainer

TINY = {"model": "mlp(8)", "limit": 200, "batch_size": 50, "epochs": 1}
# Notes which process built it, and whether that process is deterministic.
NOTES = """
import os
import keras
from tensorflow.python.framework import config

def act(x):
    with open("notes", "a") as file:
        print(os.getpid(), config.is_op_determinism_enabled(), file=file)
    return keras.ops.tanh(x)
"""


def finished(assignments, jobs=1):
    """The records of runs that were trained in real worker processes, in the order in which they ended."""
    events = LocalExecutor().run(assignments, jobs, lambda: False)
    return [event.record for event in events if isinstance(event, RunEnded)]


@pytest.mark.slow
def test_determinism_does_not_leak_into_later_runs(tmp_path):
    (tmp_path / "noting.py").write_text(NOTES, encoding="utf-8")
    asked = TINY | {"activation": "noting.py:act"}
    pairs = [planned(**asked, deterministic=flag, seed=seed)[0] for flag, seed in ((True, 0), (False, 0), (False, 1))]
    records = finished([Assignment(run, request) for run, request in pairs])
    assert [record.status for record in records] == ["ok"] * 3, [record.error for record in records]
    assert [record.compiler for record in records] == ["graph", "xla", "xla"]
    notes = [line.split() for line in (tmp_path / "notes").read_text(encoding="utf-8").splitlines()]
    by_process = {}
    for process, deterministic in notes:
        by_process.setdefault(process, set()).add(deterministic)
    # Two processes for three runs: the third found the worker of the second.
    assert list(by_process.values()) == [{"True"}, {"False"}]


EDITED = """
import time
from pathlib import Path
import keras

VERSION = 1

def act(x):
    return VERSION * keras.ops.tanh(x)

def network(site, input_shape, classes):
    inputs = keras.Input(input_shape)
    x = site()(keras.layers.Dense(4 + VERSION)(keras.layers.Flatten()(inputs)))
    return keras.Model(inputs, keras.layers.Dense(classes)(x))
"""


@pytest.mark.parametrize(
    ("what", "asked"),
    [
        ("activation", {"activation": ["edited.py:act"]}),
        pytest.param("model", {"activation": ["relu"], "model": "edited.py:network"}, marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
def test_a_file_edited_in_mid_sweep_fails_the_runs_that_come_after(tmp_path, what, asked):
    file = tmp_path / "edited.py"
    file.write_text(EDITED, encoding="utf-8")
    options = Options()
    study = Study().override(TINY | asked | {"seed": [0, 1, 2]})
    plan = make_plan(study, options.executor)

    def edit(event):
        if isinstance(event, RunEnded) and event.record.run.seed == 0:
            file.write_text(EDITED.replace("VERSION = 1", "VERSION = 2"), encoding="utf-8")

    outcome = sweep(plan, tmp_path / "r", options, [edit])
    assert [record.status for record in outcome.trained] == ["ok", "failed", "failed"]
    for record in outcome.broken:
        assert record.error.startswith(f"The {what} 'edited.py:")
        assert "changed after its runs were planned. Give the same command again" in record.error
    with (tmp_path / "r" / "runs.csv").open(encoding="utf-8", newline="") as rows:
        stored = {row["run_key"]: row["status"] for row in csv.DictReader(rows)}
    assert stored == dict(zip(plan.keys, ["ok", "failed", "failed"], strict=True))

    # The same command again plans anew: other keys, and none of them is stored.
    assert not set(make_plan(study, options.executor).keys) & set(plan.keys)


@pytest.mark.slow
def test_code_beside_the_file_and_data_that_change_in_mid_sweep_fail_the_runs_that_come_after(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "mine.py").write_text("from impl import factor\n" + EDITED, encoding="utf-8")
    (tmp_path / "impl.py").write_text("factor = 1\n", encoding="utf-8")
    np.savez(tmp_path / "d.npz", **small_arrays())
    options = Options()
    cases = {
        "activation 'mine.py:act'": (
            {"activation": ["mine.py:act"]},
            lambda: (tmp_path / "impl.py").write_text("factor = 2\n"),
        ),
        "data 'd.npz'": ({"data": "d.npz"}, lambda: np.savez(tmp_path / "d.npz", **small_arrays(seed=5))),
    }
    for what, (asked, change) in cases.items():
        plan = make_plan(Study().override(TINY | {"limit": None} | asked | {"seed": [0, 1]}), options.executor)

        def edit(event, change=change):
            if isinstance(event, RunEnded) and event.record.run.seed == 0:
                change()

        outcome = sweep(plan, tmp_path / what.split()[0], replace(options, executor=Fresh()), [edit])
        assert [record.status for record in outcome.trained] == ["ok", "failed"]
        assert outcome.broken[0].error.startswith(f"The {what} changed after its runs were planned.")


class Untried(LocalExecutor):
    """Tries no code before it trains, as where the edit comes after the trial and the worker is another one."""

    def run(self, assignments, jobs, halt, skip):
        return super().run([each for each in assignments if not each.trial], jobs, halt, skip)


@pytest.mark.slow
def test_code_that_is_edited_and_edited_back_is_not_stored_under_the_key_of_what_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    helper = tmp_path / "helper.py"
    (tmp_path / "mine.py").write_text("from helper import f\n\ndef act(x):\n    return f(x)\n", encoding="utf-8")
    helper.write_text("def f(x):\n    return x\n", encoding="utf-8")
    asked = {"activation": ["relu", "mine.py:act"], "seed": [0, 1, 2]}
    plan = make_plan(Study().override(TINY | asked), LocalExecutor())
    helper.write_text("def f(x):\n    return x * 0.0\n", encoding="utf-8")
    with pytest.raises(UserError, match="The activation 'mine.py:act' changed after its runs were planned"):
        sweep(plan, tmp_path / "tried", Options())
    assert not (tmp_path / "tried" / "runs.csv").exists()

    def edit_back(event):
        if isinstance(event, RunEnded) and event.record.status == "failed":
            helper.write_text("def f(x):\n    return x\n", encoding="utf-8")

    outcome = sweep(plan, tmp_path / "r", Options(executor=Untried()), [edit_back])
    assert [record.status for record in outcome.trained] == ["ok", "failed"] * 3
    first, *later = [record.error for record in outcome.broken]
    assert first.startswith("The activation 'mine.py:act' changed after its runs were planned. Give the same command")
    assert set(later) == {"The module 'helper' was edited after it was imported. Give the same command again."}


class Fresh(LocalExecutor):
    """Takes a new worker for every run: nothing is in its caches."""

    def run(self, assignments, jobs, halt, skip):
        for assignment in assignments:
            yield from super().run([assignment], jobs, halt, skip)


class Trail:
    """Takes a worker's events, and asks it to stop after an epoch."""

    def __init__(self, last=None):
        self.events, self.last = [], last

    def stopping(self):
        rows = [event.row.epoch for event in self.events if isinstance(event, EpochEnded)]
        return self.last is not None and rows[-1] >= self.last


def carried_out(trail, checkpoint_epochs=None, checkpoint=None, **fields):
    ((run, request),) = planned(**TINY | fields)
    assignment = Assignment(run, request, checkpoint=checkpoint, checkpoint_epochs=checkpoint_epochs)
    carry_out(assignment, Trainer(), trail.events.append, trail.stopping, datasets.load)
    return [type(event) for event in trail.events]


BEGUN = [RunStarted, PhaseBegan, PhaseBegan]


@pytest.mark.slow
def test_a_worker_tells_of_start_epochs_and_end():
    trail = Trail()
    assert carried_out(trail, epochs=2) == [*BEGUN, EpochEnded, EpochEnded, EpochEnded, RunEnded]
    rows = tuple(event.row for event in trail.events if isinstance(event, EpochEnded))
    assert trail.events[-1].record.epochs == rows
    assert [event.phase for event in trail.events[1:3]] == [Phase.READING, Phase.COMPILING]


@pytest.mark.slow
def test_checkpoints_are_taken_as_often_as_asked_but_not_of_what_has_ended():
    trail = Trail()
    carried_out(trail, checkpoint_epochs=2, epochs=6)
    taken = [len(event.checkpoint.epochs) - 1 for event in trail.events if isinstance(event, CheckpointTaken)]
    assert taken == [2, 4]


def test_a_run_that_is_to_stop_ends_after_its_epoch_with_a_checkpoint():
    trail = Trail(last=2)
    kinds = carried_out(trail, epochs=6)
    assert kinds[-3:] == [EpochEnded, CheckpointTaken, RunEnded]
    assert trail.events[-1].record.status == "interrupted"
    assert len(trail.events[-1].record.epochs) == 3


def test_what_a_run_cannot_do_is_its_record_not_the_workers_end(tmp_path):
    (tmp_path / "bad.py").write_text("def act(x):\n    raise MemoryError('no room')\n", encoding="utf-8")
    trail = Trail()
    assert carried_out(trail, activation="bad.py:act") == [*BEGUN, RunEnded]
    assert (trail.events[-1].record.status, trail.events[-1].record.jobs) == ("oom", 1)
    assert "no room" in trail.events[-1].record.error


@pytest.mark.slow
def test_closing_the_events_leaves_no_worker_behind(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import os, time\n\ndef act(x):\n    open(f'worker-{os.getpid()}', 'w').close()\n    time.sleep(600)\n",
        encoding="utf-8",
    )
    ((run, request),) = planned(**TINY | {"activation": "slow.py:act"})
    events = LocalExecutor().run([Assignment(run, request)], 1, lambda: False)
    assert next(events) == RunStarted(run)
    end = time.monotonic() + 60
    while not (found := list(tmp_path.glob("worker-*"))):
        assert time.monotonic() < end, "the worker never began"
        time.sleep(0.05)
    events.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(found[0].name.removeprefix("worker-")), 0)


LLVM = """
import os, sys

def act(x):
    sys.stderr.write("LLVM ERROR: out of memory\\nAllocation failed\\n" + "#1 0x7f0b abc.so\\n" * 500)
    sys.stderr.flush()
    os.abort()

def xla(x):
    raise RuntimeError("INTERNAL: LLVM compilation failed: Cannot allocate memory")
"""


@pytest.mark.slow
def test_memory_that_ran_out_in_the_compiler_is_oom(tmp_path):
    (tmp_path / "llvm.py").write_text(LLVM, encoding="utf-8")
    pairs = [planned(**TINY | {"activation": name})[0] for name in ("llvm.py:act", "llvm.py:xla")]
    records = finished([Assignment(run, request) for run, request in pairs])
    assert [record.status for record in records] == ["oom", "oom"]
    assert "SIGABRT. LLVM ERROR: out of memory" in records[0].error


def states(variables):
    """A checkpoint's variables that fit no network of ours, in three ways."""
    return {"too few": variables[:-1], "none": [], "other shapes": [np.zeros((3, 2), np.float32) for _ in variables]}


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["other shapes", "too few", "none"])
def test_a_checkpoint_that_does_not_fit_is_refused_and_the_run_begins_anew(wrong):
    trail = Trail(last=1)
    carried_out(trail, epochs=3)
    (taken,) = [event for event in trail.events if isinstance(event, CheckpointTaken)]
    spoiled = replace(taken.checkpoint, variables=states(taken.checkpoint.variables)[wrong])
    again = Trail()
    kinds = carried_out(again, checkpoint=spoiled, epochs=3)
    assert kinds == [*BEGUN, CheckpointRefused, *BEGUN[1:], *[EpochEnded] * 4, RunEnded]
    assert again.events[0].after == 1
    assert again.events[-1].record.status == "ok"
    unbroken = Trail()
    carried_out(unbroken, epochs=3)
    losses = [[row.train_loss for row in trail.events[-1].record.epochs] for trail in (again, unbroken)]
    assert losses[0] == losses[1]


@pytest.mark.slow
def test_a_sweep_sets_a_checkpoint_aside_that_does_not_fit(tmp_path, caplog):
    options = Options()
    plan = make_plan(Study().override(TINY | {"epochs": 2}), options.executor)
    ((run, request),) = plan.runs
    trail = Trail(last=1)
    carry_out(Assignment(run, request), Trainer(), trail.events.append, trail.stopping, datasets.load)
    (taken,) = [event for event in trail.events if isinstance(event, CheckpointTaken)]
    with Store.open(tmp_path / "r") as store:
        store.save_checkpoint(replace(taken.checkpoint, variables=taken.checkpoint.variables[1:]))
    outcome = sweep(plan, tmp_path / "r", options)
    assert [record.status for record in outcome.trained] == ["ok"]
    assert f"{run.key}.npz cannot be used (it holds" in caplog.text
    assert "that run begins anew" in caplog.text


def test_a_deterministic_run_has_one_thread_however_many_share_the_machine():
    asked = TINY | {"activation": "relu"}
    for deterministic, shared, threads in ((True, None, "1"), (True, 8, "1"), (False, 8, "8")):
        ((run, _),) = planned(**asked, deterministic=deterministic)
        variables = ProcessSettings.of(run).environment(shared)
        assert variables["TF_NUM_INTRAOP_THREADS"] == variables["TF_NUM_INTEROP_THREADS"] == threads
    ((run, _),) = planned(**asked)
    assert "TF_NUM_INTRAOP_THREADS" not in ProcessSettings.of(run).environment()


@pytest.mark.slow
def test_numbers_do_not_depend_on_jobs_where_deterministic(tmp_path):
    np.savez(tmp_path / "images.npz", **bytes_images(n=200, side=12, channels=3))
    asked = {"model": "cnn", "data": "images.npz", "epochs": 2, "activation": ["relu", "mish"], "deterministic": True}
    assignments = [Assignment(run, request) for run, request in planned(**asked, seed=[0, 1])]
    losses = []
    for jobs in (1, 2):
        records = {record.run.key: record for record in finished(assignments, jobs)}
        losses.append([[row.train_loss for row in records[each.run.key].epochs] for each in assignments])
    assert [len(rows) for rows in losses[0]] == [3] * 4
    assert losses[0] == losses[1]


def trained_in_turn(trainer, pairs, loaded):
    """Train the runs and return how many programs there are after each."""
    counts = []
    for run, request in pairs:
        training = trainer.begin(run, loaded[request])
        assert len(list(training)) == 2
        counts.append(len(trainer.programs.kept))
    return counts


@pytest.mark.slow
def test_two_data_sets_in_turn_share_their_programs_over_the_seeds(tmp_path):
    np.savez(tmp_path / "a.npz", **small_arrays())
    np.savez(tmp_path / "b.npz", **small_arrays(seed=3))
    fields = {"model": "mlp(8)", "epochs": 1, "batch_size": 20}
    pairs = [planned(**fields, data=name, seed=seed)[0] for seed in (0, 1) for name in ("a.npz", "b.npz")]
    loaded = {request: datasets.load(request) for _, request in pairs}
    trainer = Trainer()
    assert trained_in_turn(trainer, pairs[:2], loaded) == [1, 2]
    first = trainer.programs.kept
    assert trained_in_turn(trainer, pairs[2:], loaded) == [2, 2]
    assert trainer.programs.kept == first


@pytest.mark.slow
def test_a_third_data_set_takes_the_place_of_the_one_used_longest_ago(tmp_path):
    for number, name in enumerate("abc"):
        np.savez(tmp_path / f"{name}.npz", **small_arrays(seed=number))
    fields = {"model": "mlp(8)", "epochs": 1, "batch_size": 20}
    pairs = [planned(**fields, data=f"{name}.npz")[0] for name in "abac"]
    loaded = {request: datasets.load(request) for _, request in pairs}
    trainer = Trainer()
    assert trained_in_turn(trainer, pairs, loaded) == [1, 2, 2, 2]
    assert list(trainer.programs.kept) == [compiled_for(pairs[0][0]), compiled_for(pairs[3][0])]


# Notes which process computes with it, in which there is then 64 MiB less room.
GREEDY = """
import os
import keras

eaten = {}

def act(x, part=1):
    if part not in eaten:
        eaten[part] = b"x" * 2**28
        with open("notes", "a") as file:
            print(part, os.getpid(), file=file)
    return keras.ops.tanh(x)
"""


@pytest.mark.slow
def test_a_worker_that_has_grown_too_far_is_replaced_between_runs(tmp_path):
    (tmp_path / "greedy.py").write_text(GREEDY, encoding="utf-8")
    pairs = [planned(**TINY | {"activation": f"greedy.py:act(part={number})"})[0] for number in range(4)]
    events = LocalExecutor(growth_mib=150).run([Assignment(*pair) for pair in pairs], 1, lambda: False)
    records = [event.record for event in events if isinstance(event, RunEnded)]
    assert [record.run for record in records] == [run for run, _ in pairs]
    assert [record.status for record in records] == ["ok"] * 4, [record.error for record in records]
    notes = [line.split() for line in (tmp_path / "notes").read_text(encoding="utf-8").splitlines()]
    assert [part for part, _ in notes] == ["0", "1", "2", "3"]
    # From the second run on it grows by 256 MiB, give or take what TensorFlow frees. One run is not counted, and the
    # next is one too many.
    assert [len(list(runs)) for _, runs in itertools.groupby(process for _, process in notes)] == [3, 1]


def test_how_far_a_worker_has_grown_leaves_out_its_first_run_and_its_largest():
    growth = Growth()
    sizes = {500: 0, 520: 0, 1530: 20, 1550: 40, 1545: 35, 1560: 50}
    assert {size: growth.note(size) for size in sizes} == sizes


@pytest.mark.slow
def test_many_arms_take_no_more_memory_than_the_workers_may_grow_by():
    """Between runs no worker is larger than after its first run, by its largest step and what it may grow by."""
    arms, growth_mib = 64, 100.0
    pairs = planned(**TINY | {"activation": [f"swish(beta={1 + number / 100})" for number in range(arms)]})
    sizes, steps, peaks = {}, [], []
    events = LocalExecutor(growth_mib).run([Assignment(*pair) for pair in pairs], 1, lambda: False)
    for event in events:
        if isinstance(event, RunStarted):
            (process,) = mp.active_children()
        if isinstance(event, RunEnded):
            assert event.record.status == "ok"
            of_process = sizes.setdefault(process.pid, [])
            steps += [event.record.peak_memory_mib - size for size in of_process[-1:]]
            of_process.append(environment.memory_mib(process.pid))
            peaks.append(event.record.peak_memory_mib)
    assert sum(map(len, sizes.values())) == arms
    assert len(sizes) > 1
    first = max(of_process[0] for of_process in sizes.values())
    # The second of its steps is that of the run during which it grows too far.
    assert max(peaks) <= first + max(steps) + growth_mib + max(steps)
