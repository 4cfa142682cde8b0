"""The sweep alone, with an executor that trains nothing: what is trained, kept, told, and in which order."""

import json
import logging
import os
import signal
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from actbench.datasets import DatasetInfo
from actbench.errors import UserError
from actbench.execution.events import CheckpointTaken, EpochEnded, RunEnded, RunStarted, SweepPlanned
from actbench.execution.forecast import ALIKE, TIMELESS, forecast
from actbench.execution.plan import make_plan, stored_plan
from actbench.execution.sweep import Options, Outcome, sweep
from actbench.registry import Choice
from actbench.reports import words
from actbench.results.checkpoint import Checkpoint
from actbench.results.columns import SETTINGS, Epoch, Record
from actbench.results.read import read_manifest, read_runs
from actbench.studies.study import Study

STUDY = Study(
    name="s", base={"model": "mlp(8)", "epochs": 2}, grid={"activation": ["relu", "tanh", "elu"], "seed": [0, 1]}
)
ORDER = [("relu", 0), ("tanh", 0), ("elu", 0), ("relu", 1), ("tanh", 1), ("elu", 1)]


class Pretend:
    """An executor that makes records up. ``ends`` maps (activation, seed) to the status that a run ends with."""

    def __init__(self, ends=None, before=lambda _: None):
        self.ends = ends or {}
        self.before = before
        self.asked = []
        self.closed = False

    def device_kind(self, asked, backend="tensorflow"):  # noqa: ARG002
        return "cpu" if asked == "auto" else asked

    def run(self, assignments, jobs, halt, skip):  # noqa: ARG002
        try:
            for assignment in assignments:
                if halt():
                    return
                if skip(assignment.run):
                    continue
                self.asked.append(assignment)
                yield RunStarted(assignment.run)
                self.before(assignment.run)
                yield from self.events(assignment, halt)
        finally:
            self.closed = True

    def events(self, assignment, halt):
        run = assignment.run
        status = self.ends.get(name(run), "ok")
        if status in ("failed", "oom"):
            yield RunEnded(Record(run=run, status=status, error="made up", jobs=assignment.jobs))
            return
        rows = tuple(row(number) for number in range(3))
        if halt() or status == "interrupted":
            status, rows = "interrupted", rows[:2]
        for one in rows:
            yield EpochEnded(run, one)
        if status == "interrupted":
            yield CheckpointTaken(run, checkpoint(run, rows))
        yield RunEnded(record(run, status, rows))


def test_no_state_is_kept_of_a_finished_run(tmp_path):
    """It would lie there until the run is lost, and then be gone on from."""
    first, again = make_plan(STUDY, Pretend()), Pretend(ends={("relu", 0): "interrupted"})
    sweep(first, tmp_path, Options(executor=Pretend(ends={("elu", 1): "failed"})))
    sweep(first, tmp_path, Options(executor=again, rerun=True))
    assert not (tmp_path / "checkpoints").exists()
    sweep(first, tmp_path / "new", Options(executor=again, rerun=True))
    assert len(list((tmp_path / "new" / "checkpoints").iterdir())) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "with their state; give the same command again to go on."),
        (["--rerun"], "kept. The same command trains all runs anew; without --rerun, those that have not finished."),
    ],
)
def test_an_interrupted_sweep_says_what_the_same_command_will_do(invoke, monkeypatch, words, said):
    monkeypatch.setattr("actbench.execution.asking.sweep", lambda *_: Outcome((), complete=False, interrupted=True))
    done = invoke("run", "--act", "relu", *words)
    assert done.returncode == 130
    assert "Interrupted. Finished runs are kept" in done.stderr
    assert said in done.stderr


def row(number):
    return Epoch(number, 0.5, 0.9, None, None, 0.5, 0.9, 0.1 * number, 0.01, 0.001)


def record(run, status, rows):
    clocks = {"compile_seconds": 0.1, "wall_seconds": 1.0, "peak_memory_mib": 1.0}
    sizes = {"parameters": 9, "train_size": 80, "test_size": 20}
    return Record(run=run, status=status, epochs=rows, **clocks, **sizes)


def checkpoint(run, rows):
    import numpy as np

    stream = np.random.RandomState(0).get_state(legacy=True)
    return Checkpoint(run.key, rows, [np.zeros(2)], stream, compile_seconds=0.1, wall_seconds=0.5, sittings=1)


def name(run):
    return run.activation.spelling, run.seed


@pytest.fixture(autouse=True)
def no_data_is_read(monkeypatch):
    info = DatasetInfo("0" * 64, 10, (8, 8, 1), 1294, 143, 360)
    monkeypatch.setattr("actbench.datasets.info", lambda _: info)


@pytest.fixture
def carried_out(tmp_path):
    """Sweep the study, or another one, into ``store``. Returns the outcome and the executor."""

    def carry_out(executor=None, study=STUDY, listeners=(), folder="store", **options):
        executor = executor or Pretend()
        options = Options(executor=executor, **options)
        return sweep(make_plan(study, executor), tmp_path / folder, options, listeners), executor

    return carry_out


def stored(tmp_path, folder="store"):
    return {(row["activation"], int(row["seed"])): row["status"] for row in read_runs(tmp_path / folder)}


def asked(executor):
    return [name(assignment.run) for assignment in executor.asked]


# What is trained


def test_runs_are_trained_seed_by_seed_with_the_arms_interleaved(carried_out, tmp_path):
    outcome, executor = carried_out()
    assert asked(executor) == ORDER
    assert [name(one.run) for one in outcome.trained] == ORDER
    assert (outcome.complete, outcome.gave_up, outcome.interrupted, outcome.broken) == (True, (), False, ())
    assert stored(tmp_path) == dict.fromkeys(ORDER, "ok")


def test_what_is_stored_is_not_trained_again(carried_out):
    carried_out()
    outcome, executor = carried_out()
    assert executor.asked == []
    assert outcome.trained == ()
    assert outcome.complete


def test_results_are_taken_and_accidents_tried_again(carried_out, tmp_path):
    ends = dict(zip(ORDER, ["ok", "diverged", "failed", "oom", "interrupted", "ok"], strict=True))
    outcome, _ = carried_out(Pretend(ends))
    assert stored(tmp_path) == ends
    assert not outcome.complete
    assert [one.status for one in outcome.broken] == ["failed", "oom"]
    outcome, executor = carried_out()
    assert asked(executor) == [("elu", 0), ("relu", 1), ("tanh", 1)]
    assert outcome.complete
    assert stored(tmp_path) == ends | dict.fromkeys(asked(executor), "ok")


def test_rerun_trains_everything_again_and_from_the_start(carried_out, tmp_path):
    carried_out(Pretend({("relu", 0): "interrupted"}))
    _, executor = carried_out(rerun=True)
    assert asked(executor) == ORDER
    assert {assignment.checkpoint for assignment in executor.asked} == {None}
    assert len(list(read_runs(tmp_path / "store"))) == len(ORDER)


def test_more_seeds_train_the_new_ones_only(carried_out):
    carried_out()
    _, executor = carried_out(study=STUDY.override({"seed": [0, 1, 2]}))
    assert asked(executor) == [("relu", 2), ("tanh", 2), ("elu", 2)]


def test_finished_runs_are_taken_over_from_another_store(carried_out, tmp_path):
    carried_out(Pretend({("elu", 0): "failed"}), folder="other")
    _, executor = carried_out(reuse=(tmp_path / "other",))
    assert asked(executor) == [("elu", 0)]
    assert stored(tmp_path) == dict.fromkeys(ORDER, "ok")


def test_a_store_to_reuse_that_is_not_there_is_refused_before_anything_is_written(carried_out, tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        carried_out(reuse=(tmp_path / "nowhere",))
    assert not (tmp_path / "store").exists()


def test_jobs_are_no_more_than_the_runs(carried_out):
    assert {a.jobs for a in carried_out(jobs=4)[1].asked} == {4}
    assert {a.jobs for a in carried_out(jobs=99, rerun=True)[1].asked} == {6}


def test_how_often_to_take_a_checkpoint_reaches_the_executor(carried_out):
    assert {a.checkpoint_epochs for a in carried_out(checkpoint_epochs=7)[1].asked} == {7}


# Failures in a row


def test_too_many_failures_in_a_row_give_an_arm_up_and_no_other(carried_out, tmp_path):
    study = replace_grid(seed=[0, 1, 2, 3])
    ends = {("tanh", seed): "failed" for seed in range(4)} | {("elu", 0): "failed"}
    outcome, executor = carried_out(Pretend(ends), study, max_failures=2)
    every = [(arm, seed) for seed in range(4) for arm in ("relu", "tanh", "elu")]
    assert asked(executor) == [run for run in every if run not in {("tanh", 2), ("tanh", 3)}]
    assert (outcome.gave_up, outcome.complete, outcome.interrupted) == (("tanh",), False, False)
    assert stored(tmp_path) == {run: ends.get(run, "ok") for run in asked(executor)}
    assert words.gave_up(outcome.gave_up, 2) == "Gave up tanh after 2 failing runs in a row."


def replace_grid(**values):
    return msgspec.structs.replace(STUDY, grid=STUDY.grid | values)


def test_a_result_between_two_failures_begins_the_count_anew(carried_out):
    ends = dict.fromkeys([("relu", 0), ("relu", 1), ("relu", 3), ("relu", 4)], "failed")
    outcome, executor = carried_out(Pretend(ends), replace_grid(seed=list(range(5))), max_failures=3)
    assert len(asked(executor)) == 15
    assert not outcome.gave_up


# Interruption


def interrupt_at(activation, times=1):
    def before(run):
        if name(run) == (activation, 0):
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)

    return before


def test_the_first_ctrl_c_lets_the_running_epoch_end_and_keeps_its_state(carried_out, tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    outcome, executor = carried_out(Pretend(before=interrupt_at("tanh")))
    assert outcome.interrupted
    assert not outcome.complete
    assert asked(executor) == ORDER[:2]
    assert stored(tmp_path) == {("relu", 0): "ok", ("tanh", 0): "interrupted"}
    assert (tmp_path / "store" / "table.csv").exists()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_the_next_sweep_goes_on_from_the_checkpoint_and_removes_it(carried_out, tmp_path):
    carried_out(Pretend(before=interrupt_at("tanh")))
    assert len(list((tmp_path / "store" / "checkpoints").iterdir())) == 1
    _, executor = carried_out()
    begun = {name(a.run): a.checkpoint for a in executor.asked}
    assert [one.epoch for one in begun["tanh", 0].epochs] == [0, 1]
    assert begun["elu", 0] is None
    assert not (tmp_path / "store" / "checkpoints").exists()


def test_the_second_ctrl_c_ends_everything_at_once(carried_out, tmp_path):
    executor = Pretend(before=interrupt_at("tanh", times=2))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        carried_out(executor)
    assert executor.closed
    assert stored(tmp_path) == {("relu", 0): "ok"}
    assert signal.getsignal(signal.SIGINT) == before
    assert carried_out()[0].complete


def test_sigterm_is_an_interruption_too(carried_out):
    outcome, _ = carried_out(Pretend(before=lambda _: os.kill(os.getpid(), signal.SIGTERM)))
    assert outcome.interrupted


def test_an_executor_that_breaks_is_closed_and_loses_nothing_that_was_stored(carried_out, tmp_path):
    def breaks(run):
        if name(run) == ("tanh", 0):
            raise ConnectionError("no cluster any more")

    executor = Pretend(before=breaks)
    with pytest.raises(ConnectionError):
        carried_out(executor)
    assert executor.closed
    assert stored(tmp_path) == {("relu", 0): "ok"}


# Files


def test_the_derived_files_are_there_after_every_sweep(carried_out, tmp_path):
    carried_out()
    table = (tmp_path / "store" / "table.csv").read_text(encoding="utf-8").splitlines()
    assert len(table) == 1 + 3
    manifest = read_manifest(tmp_path / "store")
    assert manifest["studies"]["s"]["grid"]["seed"] == [0, 1]
    assert manifest["studies"]["s"]["thresholds"] == list(make_plan(STUDY, Pretend()).thresholds)
    assert manifest["datasets"]["digits"]["sha256"] == "0" * 64
    assert {"tensorflow_version", "keras_version", "python_version"} <= set(manifest["versions"])


def test_without_any_record_there_is_no_table(carried_out, tmp_path):
    carried_out(Pretend(dict.fromkeys(ORDER, "failed")), replace_grid(activation=["relu"]), max_failures=1)
    json.loads((tmp_path / "store" / "manifest.json").read_text(encoding="utf-8"))
    assert len(list(read_runs(tmp_path / "store"))) == 1


# The plan


def test_the_stored_plan_has_the_very_keys_of_the_one_that_was_carried_out(carried_out, tmp_path):
    carried_out()
    plan = stored_plan(STUDY, tmp_path / "store")
    assert plan == make_plan(STUDY, Pretend())


@pytest.mark.parametrize(
    "changes", [{"seed": [0, 7]}, {"data": "wdbc"}, {"limit": 100}, {"device": "gpu"}, {"learning_rate": 0.5}]
)
def test_a_store_that_lacks_a_run_has_no_stored_plan(carried_out, tmp_path, changes):
    carried_out()
    assert stored_plan(STUDY.override(changes), tmp_path / "store") is None


def test_a_store_with_an_accident_or_without_anything_has_no_stored_plan(carried_out, tmp_path):
    assert stored_plan(STUDY, tmp_path / "store") is None
    carried_out(Pretend({("relu", 1): "failed"}))
    assert stored_plan(STUDY, tmp_path / "store") is None


def test_a_study_that_cannot_be_planned_is_not_a_study_that_is_missing(carried_out, tmp_path):
    """A typing error must not look as if nothing had been trained."""
    carried_out()
    with pytest.raises(UserError, match="Did you mean 'relu'"):
        stored_plan(STUDY.override({"activation": ["relo"]}), tmp_path / "store")


def test_a_fault_in_planning_is_not_taken_for_missing_runs(carried_out, tmp_path, monkeypatch):
    carried_out()

    def faulty(*_, **__):
        raise KeyError("a fault of our own")

    monkeypatch.setattr("actbench.execution.plan.expand", faulty)
    with pytest.raises(KeyError, match="a fault of our own"):
        stored_plan(STUDY, tmp_path / "store")


@pytest.fixture
def plans_made(monkeypatch):
    """Counts how often a study is expanded into runs."""
    from actbench.execution import plan as module

    made, real = [], module.expand

    def counting(study, *further, **options):
        made.append(study.name)
        return real(study, *further, **options)

    monkeypatch.setattr(module, "expand", counting)
    return made


def test_a_command_makes_its_plan_once(plans_made, invoke, tmp_path, monkeypatch):
    monkeypatch.setattr("actbench.execution.local.LocalExecutor", Pretend)
    monkeypatch.setattr("actbench.execution.sweep.LocalExecutor", Pretend)
    study = ["--act", "relu", "--act", "tanh", "--model", "mlp(8)", "--epochs", 2]
    assert invoke("run", *study, "--dry-run").returncode == 0
    assert plans_made == ["adhoc"]
    done = invoke("run", *study, "--quiet")
    assert done.returncode == 0, done.stderr
    assert "tanh" in done.stdout
    assert plans_made == ["adhoc"] * 2


def test_a_stored_reproduction_is_planned_once(plans_made, invoke):
    results = Path(__file__).parents[1] / "results"
    assert invoke("reproduce", "frelu-mnist", "--stored", "--results", results).returncode == 0
    assert plans_made == ["frelu-mnist"]


# Listeners


def test_a_listener_hears_everything_in_order(carried_out):
    events = []
    outcome, _ = carried_out(study=STUDY.override({"activation": ["relu"], "seed": [0]}), listeners=[events.append])
    (done,) = outcome.trained
    assert events == [
        SweepPlanned((done.run,), 0),
        RunStarted(done.run),
        *(EpochEnded(done.run, one) for one in done.epochs),
        RunEnded(done),
    ]


class Journal:
    """A logger as somebody might add it: one class, known to nobody."""

    def __init__(self, path):
        self.path = path

    def __call__(self, event):
        if isinstance(event, RunEnded):
            with self.path.open("a", encoding="utf-8") as file:
                print(*name(event.record.run), event.record.status, file=file)


def test_a_logger_is_one_class(carried_out, tmp_path):
    carried_out(Pretend({("tanh", 0): "oom"}), listeners=[Journal(tmp_path / "journal")])
    lines = (tmp_path / "journal").read_text(encoding="utf-8").splitlines()
    assert lines[:3] == ["relu 0 ok", "tanh 0 oom", "elu 0 ok"]


def test_what_is_stored_already_is_counted_in_the_first_event(carried_out):
    carried_out(study=STUDY.override({"seed": [0]}))
    events = []
    carried_out(listeners=[events.append])
    assert events[0].stored == 3
    assert [name(run) for run in events[0].runs] == ORDER[3:]


def test_several_listeners_hear_the_same(carried_out):
    first, second = [], []
    carried_out(listeners=[first.append, second.append])
    assert first == second
    assert sum(isinstance(event, RunEnded) for event in first) == len(ORDER)


def test_a_record_is_stored_before_anybody_hears_of_it(carried_out, tmp_path):
    seen = []

    def look(event):
        if isinstance(event, RunEnded):
            seen.append(stored(tmp_path)[name(event.record.run)])

    carried_out(listeners=[look])
    assert seen == ["ok"] * len(ORDER)


def test_a_listener_that_raises_is_left_out_and_costs_nothing(carried_out, tmp_path, caplog):
    heard, others = [], []

    def clumsy(event):
        heard.append(event)
        if isinstance(event, RunStarted):
            raise RuntimeError("clumsy")  # noqa: TRY004

    with caplog.at_level(logging.WARNING):
        outcome, _ = carried_out(listeners=[clumsy, others.append])
    assert outcome.complete
    assert stored(tmp_path) == dict.fromkeys(ORDER, "ok")
    assert len(heard) == 2
    assert sum(isinstance(event, RunEnded) for event in others) == len(ORDER)
    (warning,) = caplog.messages
    assert "left out from here on" in warning
    assert "RuntimeError: clumsy" in warning


def test_the_fixture_of_these_tests_is_what_the_store_reads(carried_out, tmp_path):
    """Otherwise all of the above might test a store of its own making."""
    first, *_ = carried_out()[0].trained
    (kept,) = [one for one in read_runs(tmp_path / "store") if one["run_key"] == first.run.key]
    assert (kept["epochs_run"], kept["test_accuracy"]) == ("2", "0.9")
    assert replace(first.run, seed=9).key != first.run.key


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({"seed": 7}, 1.0),
        ({"epochs": 4, "learning_rate": 0.5, "patience": 2, "initializer": "he_normal", "dataset": "same"}, 1.21),
        *(({name: value}, None) for name, value in {
            "dataset_sha256": "1" * 64, "limit": 50, "validation_split": 0.1, "model": Choice("cnn", "cnn"),
            "optimizer": Choice("sgd", "sgd"), "batch_size": 7, "precision": "float64", "deterministic": True,
            "device": "gpu", "backend": "another",
        }.items()),
    ],
)  # fmt: skip
def test_a_forecast_goes_by_runs_whose_epochs_take_as_long(carried_out, tmp_path, change, seconds):
    carried_out()
    plan = make_plan(STUDY, Pretend())
    runs = tuple((replace(run, **change), request) for run, request in plan.runs if run.seed == 0)
    for arm in forecast(replace(plan, runs=runs), tmp_path / "store"):
        assert (arm.stored, arm.todo, arm.seconds) == (0, 1, pytest.approx(seconds) if seconds else None)


def test_a_later_setting_counts_for_a_forecast():
    shared = {column.name for column in SETTINGS.values() if column.shared}
    assert set(ALIKE) == (shared | {"dataset_sha256"}) - set(TIMELESS)
    assert shared.issuperset(TIMELESS)
