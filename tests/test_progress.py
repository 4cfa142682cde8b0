"""What is seen of a sweep while it runs: in a terminal of 60 columns, elsewhere, and on Ctrl-C."""

import io
import re
import signal
from dataclasses import replace

import pytest
from conftest import planned, wait_for

from actbench.cli.terminal import Screen
from actbench.execution.events import EpochEnded, Phase, PhaseBegan, RunEnded, RunStarted, StopAsked, SweepPlanned
from actbench.reports.progress import SweepProgress
from actbench.reports.words.runs import run_name
from actbench.results.columns import Epoch, Record

CONTROL = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


@pytest.fixture(scope="module")
def runs():
    """Two arms by two seeds, one of them with a long name."""
    return [run for run, _ in planned(activation=["relu", "aria2(alpha=1.75, beta=2.5)"], seed=[0, 1], epochs=3)]


def shown(width, events, *, quiet=False):
    """The lines that a terminal of that width, or no terminal (None), shows of these events."""
    text = io.StringIO()
    console = Screen(file=text, force_terminal=width is not None, width=width or 10_000, color_system=None)
    with SweepProgress(console, quiet=quiet) as progress:
        for event in events:
            progress(event)
            progress.progress.refresh()
    return [line for line in re.split(r"[\r\n]|\x1b\[1A|\x1b\[2K", text.getvalue()) if CONTROL.sub("", line).strip()]


def epoch(number):
    return EpochEnded, Epoch(number, 0.5, 0.9, None, None, 0.5, 0.9, 0.1 * number, 0.01, 0.001)


def story(runs):
    """Two runs at a time; the first goes on after an epoch, and the second ends first."""
    one, other = runs[:2]
    rows = tuple(epoch(number)[1] for number in range(4))
    ended = [
        Record(run=run, status="ok", epochs=rows, compile_seconds=0.1, wall_seconds=1.0, parameters=9)
        for run in (other, one)
    ]
    return [
        SweepPlanned(tuple(runs), 2, ("seed",)),
        RunStarted(one, after=1),
        RunStarted(other),
        PhaseBegan(one, Phase.READING),
        PhaseBegan(other, Phase.COMPILING),
        EpochEnded(one, rows[2]),
        *(EpochEnded(other, row) for row in rows),
        RunEnded(ended[0]),
        StopAsked(),
        EpochEnded(one, rows[3]),
        RunEnded(ended[1]),
    ]


@pytest.mark.parametrize("width", [140, 80, 60])
def test_bars_fit_the_terminal_and_say_what_is_going_on(runs, width):
    lines = [CONTROL.sub("", line) for line in shown(width, story(runs))]
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for said in ("0/4 runs done", "starting workers", "reading data", "compiling", "test 90.00%", "2/4 runs done"):
        assert said in text
    assert ("loss 0.5000" in text) is (width >= 100)


def test_a_number_means_how_many_runs_are_done(runs):
    assert shown(None, story(runs)) == [
        "2 runs already stored, 4 to train.",
        "relu, seed 0: goes on from epoch 2 of 3",
        "[1/4] aria2(alpha=1.75, beta=2.5), seed 0: test 90.00% (best 90.00% in epoch 1), 0.3 s training, 1.0 s in all",
        "Stopping after this epoch; again: end now.",
        "[2/4] relu, seed 0: test 90.00% (best 90.00% in epoch 1), 0.3 s training, 1.0 s in all",
    ]


def test_who_interrupts_is_answered_even_where_it_is_quiet(runs):
    assert shown(None, story(runs), quiet=True) == ["Stopping after this epoch; again: end now."]


def test_what_varies_names_a_run(runs):
    run = replace(runs[0], variant="lr 0.5", learning_rate=0.5)
    assert run_name(run, ()) == "relu"
    assert run_name(run, ("variant", "seed")) == "relu, lr 0.5, seed 0"
    assert run_name(run, ("dataset", "model", "learning_rate")) == "relu, digits, mlp(100, 50), learning rate 0.5"


def test_a_plan_says_what_varies_in_it():
    from actbench.execution.local import LocalExecutor
    from actbench.execution.plan import make_plan
    from actbench.studies.study import Study

    def varying(**fields):
        return make_plan(
            Study().override({"activation": ["relu", "mish"], "device": "cpu"} | fields), LocalExecutor()
        ).varying

    assert varying() == ()
    assert varying(learning_rate=[0.1, 0.5], seed=[0, 1]) == ("learning_rate", "seed")


SLOW = """
import multiprocessing, time

def act(x):
    if multiprocessing.parent_process():  # a worker, in its first epoch
        open('begun', 'w').close()
        time.sleep(600)
    return x
"""


@pytest.mark.slow
def test_the_first_ctrl_c_is_answered_before_the_epoch_ends(tmp_path, started):
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    command = ["run", "--act", "slow.py:act", "--seeds", "2", "--epochs", "1", "--jobs", "2"]
    process = started(*command, cwd=tmp_path)
    wait_for((tmp_path / "begun").exists, process)
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline().startswith("Stopping after this epoch")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert "Ended at once." in said
