"""Pictures of tunings: where what was tried lies, and what was chosen. Nothing is trained here."""

import math
import re

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle
from pretend import Pretend, sweep
from synthetic import Arm, Task, write

from actbench.errors import UserError
from actbench.execution.plan import make_plan
from actbench.execution.sweep import Options
from actbench.execution.sweep import sweep as plain_sweep
from actbench.reports.plots import PLOTS, Look
from actbench.reports.plots.errors import ErrorScale
from actbench.reports.plots.figures import draw_figure
from actbench.reports.plots.labels import PIECE
from actbench.reports.plots.style import LIGHT, palette, themed
from actbench.studies.study import Study
from actbench.tables.findings import Question, analyse

RATES = [0.000316, 0.001, 0.00316, 0.01, 0.0316, 0.1, 0.316, 1.0, 3.16, 10.0]


@pytest.fixture(autouse=True)
def here(npz, monkeypatch):
    monkeypatch.chdir(npz().parent)


def tuned(folder):
    """Two arms: one with its optimum inside the grid, where runs diverge at the highest rates, and one beyond it."""

    def diverges(run):
        return run.activation.spelling == "relu" and run.learning_rate > 1 and run.seed == 10_001

    sweep(Pretend({"relu": 0.01, "tanh": 1e4}, diverges=diverges))
    return analyse([folder / "r"], Question())


def figure_of(kind, found):
    with themed(LIGHT):
        return draw_figure(PLOTS[kind], found, palette(found, LIGHT), Look())


def marks(axes, count):
    """Where the marks of so many points lie."""
    clouds = [cloud.get_offsets() for cloud in axes.collections if type(cloud) is PathCollection]
    return [np.asarray(cloud).tolist() for cloud in clouds if len(cloud) == count]


def curve(axes, colour):
    (line,) = (line for line in axes.lines if line.get_color() == colour and len(line.get_xdata()) > 2
               and line.get_label() != PIECE)  # fmt: skip
    return line


def errors_of(accuracies):
    return pytest.approx([100 * (1 - accuracy) for accuracy in accuracies])


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


def test_sensitivity_draws_the_tuned_task_alone_with_what_was_tried_and_what_was_chosen(tmp_path):
    found = tuned(tmp_path)
    assert len(found.tasks) == 2
    (axes,) = figure_of("sensitivity", found).axes
    assert axes.get_title("left") == "data.npz · mlp(8)"
    assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "learning rate")
    assert (axes.get_yscale(), axes.get_ylabel()) == ("log", "validation error (%), least on top")
    assert axes.yaxis_inverted()
    arms = found.tasks[0].tuning.arms
    for arm, its in arms.items():
        line = curve(axes, palette(found, LIGHT).colour(arm))
        assert line.get_xdata().tolist() == pytest.approx(RATES)
        assert list(line.get_ydata()) == errors_of([score.accuracy for score in its.scores.values()])
    ((low, high),) = marks(axes, 2)
    assert [low[0], high[0]] == [3.16, 10.0]
    own = {(rate, round(1 - height / 100, 6)) for ((rate, height),) in marks(axes, 1)}
    assert own == {(its.trial.rate, round(its.score.accuracy, 6)) for its in arms.values()}
    # An arrow leads away from the arm on the edge, and there is none at the other.
    assert arms["tanh"].on_edge
    arrows = [text.xy for text in axes.texts if text.arrow_patch and not text.get_text()]
    assert arrows == [(arms["tanh"].trial.rate, pytest.approx(100 - arms["tanh"].score.accuracy * 100))]
    assert [line.get_xdata()[0] for line in axes.lines if line.get_transform() == axes.get_xaxis_transform()] == [0.01]
    said = "band: range of 3 seeds\n×: diverged; ●: an arm's own rate; vertical: the shared one"
    assert {"relu", "tanh", said} <= set(texts_of(axes))


def test_budget_draws_the_expected_best_of_so_many_trials(tmp_path):
    found = tuned(tmp_path)
    (axes,) = figure_of("budget", found).axes
    for arm in ("relu", "tanh"):
        line = curve(axes, palette(found, LIGHT).colour(arm))
        assert line.get_xdata().tolist() == list(range(1, len(RATES) + 1))
        assert list(line.get_ydata()) == errors_of(found.tasks[0].tuning.budget(arm))
    assert all(float(tick).is_integer() for tick in axes.get_xticks())
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("random trials", "expected least validation error (%)")


def test_a_grid_over_the_rate_is_one_panel_of_test_accuracies(tmp_path):
    executor = Pretend({"relu": 0.03, "tanh": 0.3}, diverges=lambda run: run.learning_rate == 0.1 and run.seed == 0)
    study = Study().override(
        {"data": "data.npz", "batch_size": 20, "activation": ["relu", "tanh"], "learning_rate": [0.1, 0.001, 0.01],
         "seed": [0, 1, 2]}
    )  # fmt: skip
    plain_sweep(make_plan(study, executor), tmp_path / "r", Options(executor=executor))
    found = analyse([tmp_path / "r"], Question())
    (axes,) = figure_of("sensitivity", found).axes
    assert axes.get_title("left") == "data.npz · mlp(100, 50)"
    assert axes.get_ylabel() == "test error (%), least on top"
    line = curve(axes, LIGHT.ink)
    assert line.get_xdata().tolist() == [0.001, 0.01, 0.1]
    heights = [0.95 - abs(math.log10(rate * 1000)) / 20 + 0.001 for rate in (0.001, 0.01, 0.1)]
    assert list(line.get_ydata()) == errors_of(heights)
    assert len(marks(axes, 1)) == 2
    # What the tuning would choose is not known, and no tuning is shown on the page.
    assert "band: range of 3 seeds\n×: diverged" in texts_of(axes)
    with pytest.raises(UserError, match="takes the trials of a tuning, as --tune lr makes them"):
        figure_of("budget", found)


@pytest.mark.parametrize("kind", ["budget", "sensitivity"])
def test_a_store_with_nothing_to_show_gets_a_sentence_and_no_file(own_folder, invoke, kind):
    write(own_folder / "r", [(Task(epochs=3), [Arm("relu", seeds=(0,))])])
    done = invoke("plot", "r", kind)
    assert (done.returncode, done.stdout) == (2, "")
    assert " ".join(done.stderr.split()) == f"actbench: {PLOTS[kind].missing}"
    assert not list(own_folder.glob("*.png"))
    page = invoke("compare", "r", "--format", "html").stdout
    assert "Test accuracy, epoch by epoch" in page
    assert PLOTS[kind].caption not in page


@pytest.mark.slow
def test_every_arm_of_a_wide_study_has_a_line_of_its_own(tmp_path):
    """Those without a colour get one again with another dash and marker; only what is beyond these is grey."""
    arms = [f"leaky_relu(slope={n / 100:g})" for n in range(2, 21)]
    sweep(Pretend(dict.fromkeys(["relu", *arms], 0.01)), folder=tmp_path / "r", activation=["relu", *arms])
    found = analyse([tmp_path / "r"], Question())
    pens = [palette(found, LIGHT).pen(arm) for arm in found.tasks[0].tuning.arms]
    assert len({(pen.colour, str(pen.dash), pen.marker) for pen in pens if pen.letter}) == 19
    for kind in ("sensitivity", "budget"):
        (axes,) = figure_of(kind, found).axes
        assert sum(line.get_label() == PIECE for line in axes.lines) == 19
        assert "grey: " in " ".join(texts_of(axes))
    # All chose one rate with one accuracy: no dot hides another.
    (axes,) = figure_of("sensitivity", found).axes
    dots = [mark for mark in axes.collections if type(mark) is PathCollection and len(mark.get_offsets()) == 1]
    places = [tuple(np.round(dot.get_offset_transform().transform(dot.get_offsets()[0]), 3)) for dot in dots]
    assert len(places) == len(set(places)) == 20


def test_no_error_at_all_has_a_place_on_the_axis():
    scale = ErrorScale.of([1.0, 0.99, 0.9])
    assert scale.heights([1.0, 0.99, 0.9]).tolist() == pytest.approx([0.5, 1, 10])
    figure = Figure()
    axes = figure.add_subplot()
    scale.draw(axes)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1", "2", "3", "5", "10", "0"]


@pytest.mark.slow
def test_a_page_has_these_pictures_for_tuned_tasks_alone(tmp_path, invoke):
    tuned(tmp_path)
    page = invoke("compare", "r", "--format", "html").stdout
    captions = re.findall("<figcaption>(.*?)</figcaption>", page)
    assert captions.count("How much each arm minds its learning rate") == 1
    assert captions.count("What a search of fewer trials would have found") == 1
    assert captions.count("Test accuracy, epoch by epoch") == 2


@pytest.mark.slow
def test_runs_that_diverged_and_runs_that_did_not_learn_have_marks_of_their_own(tmp_path):
    executor = Pretend({"relu": 0.03, "tanh": 0.3}, diverges=lambda run: run.learning_rate > 0.3,
                       unlearned=lambda run: run.learning_rate < 0.001)  # fmt: skip
    sweep(executor, folder=tmp_path / "r")
    (axes, *_) = figure_of("sensitivity", analyse([tmp_path / "r"], Question())).axes
    assert any("×: diverged; ▽: did not learn; ●: an arm's own rate" in text for text in texts_of(axes))
    shapes = {tuple(path.codes) for collection in axes.collections for path in collection.get_paths()
              if len(collection.get_offsets()) > 1}  # fmt: skip
    cross, triangle = (tuple(MarkerStyle(mark).get_path().codes) for mark in "xv")
    assert shapes == {cross, triangle}
