"""Pictures: every kind in every format, the same each time, with colours and labels that can be told apart."""

from __future__ import annotations

import csv
import itertools
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib.image
import numpy as np
import pytest
from conftest import mostly_slow
from matplotlib.collections import PathCollection
from matplotlib.text import Text
from synthetic import DRAWN_OF_ALL, Arm, Task, write

from actbench.errors import UserError
from actbench.reports.plots import PLOTS, Look, Panel
from actbench.reports.plots.figures import DOTS_PER_INCH, draw_figure, draw_panel, inline_svg, save_picture
from actbench.reports.plots.labels import spread_out
from actbench.reports.plots.style import (
    DARK,
    LIGHT,
    MOST_LETTERS,
    REMARK,
    VARIABLES,
    palette,
    short_names,
    themed,
)
from actbench.reports.words import task_title
from actbench.tables.findings import Question, analyse

ARMS = [Arm("relu"), Arm("swish", 0.972, 1.8), Arm("mish", 0.9745, 1.6, seconds=0.35), Arm("tanh", 0.955, 3.0)]


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    failing = dict.fromkeys(range(10), "failed")
    out_of_memory = dict.fromkeys(range(10), "oom")
    stores = {
        "one": [(Task(), ARMS)],
        "two": [(Task(), ARMS), (Task("cifar10"), ARMS)],
        "many": [(Task(), [*ARMS, *(Arm(f"f{n}", 0.9 + n / 1000) for n in range(40))])],
        "bare": [(Task(epochs=1), [Arm("relu", seeds=(0,))])],
        "broken": [
            (
                Task(),
                [
                    Arm("selu", statuses={0: "diverged"}),
                    Arm("elu", statuses={1: "failed"}),
                    Arm("oom", statuses=out_of_memory),
                ],
            )
        ],
        "failed": [(Task(), [Arm("relu", statuses=failing), Arm("mish", statuses=out_of_memory)])],
    }
    return {name: analyse([write(folder / name, parts)], Question()) for name, parts in stores.items()}


def one_panel(found, place=0):
    return Panel(found, found.tasks[place], "")


def figure_of(kind, found, look=None):
    with themed(LIGHT):
        return draw_figure(PLOTS[kind], found, palette(found, LIGHT), look or Look())


def texts_of(axes):
    return [text.get_text() for text in axes.texts] + [label.get_text() for label in axes.get_yticklabels()]


def dots(axes, *sizes):
    """How many dots of these sizes there are."""
    marks = [mark for mark in axes.collections if isinstance(mark, PathCollection)]
    return sum(len(mark.get_offsets()) for mark in marks if set(mark.get_sizes()) <= set(sizes))


WITHOUT_TARGET = {"bare", "failed"}
STORES = ["one", "two", "many", "bare", "broken", "failed"]


@pytest.mark.parametrize("kind", DRAWN_OF_ALL)
@pytest.mark.parametrize("name", mostly_slow(["two", *(name for name in STORES if name != "two")]))
def test_a_file_has_a_panel_for_every_task_and_names_its_arms(findings, tmp_path, kind, name):
    found = findings[name]
    figure = figure_of(kind, found)
    if kind == "profile" and name == "two":
        assert [axes.get_title("left") for axes in figure.axes] == ["Performance profile over 2 tasks"]
    else:
        titles = [task_title(item.task.distinction) for item in found.tasks]
        assert [axes.get_title("left") for axes in figure.axes] == titles
    colours = palette(found, LIGHT)
    for axes, item in zip(figure.axes, found.tasks, strict=False):
        arms = item.arms[item.arms["runs"] > 0]
        there = set(arms["activation"])
        # Beside the name of a curve or a point stands how many runs learned, where some did not.
        share = {"curves": "{} {}/{}", "pareto": "{} ({} of {} learned)"}.get(kind, "{}")
        told = {
            arm: share.format(arm, learned, runs) if learned < runs else arm
            for arm, learned, runs in zip(arms["activation"], arms["learned"], arms["runs"], strict=True)
        }
        if kind == "profile" and name in WITHOUT_TARGET:
            assert texts_of(axes)[0] == "no run reached a threshold"
        elif there:
            assert set(texts_of(axes)) >= {told[arm] for arm in there if colours.named(arm)}
        else:
            assert texts_of(axes)[0] == {"pareto": "no run learned"}.get(kind, "no finished run")
    save_picture(kind, found, Look(), tmp_path / "picture.png")
    size = tuple(round(inches * DOTS_PER_INCH) for inches in figure.get_size_inches())
    pixels = matplotlib.image.imread(tmp_path / "picture.png")
    assert pixels.shape[1::-1] == pytest.approx(size, abs=1)


@pytest.mark.parametrize("name", mostly_slow(STORES, quick=3))
def test_every_arm_has_its_line_and_every_run_its_dot(findings, name):
    found = findings[name]
    for number, item in enumerate(found.tasks):
        runs, arms = item.arms["runs"].sum(), (item.arms["runs"] > 0).sum()
        apart = runs - item.arms["learned"].sum()
        assert len(figure_of("curves", found).axes[number].lines) == arms + apart
        if name != "many":  # only the best 30 of which are shown
            assert dots(figure_of("strip", found).axes[number], 16.0) == runs
        assert dots(figure_of("pareto", found).axes[number], 46.0, 18.0) == arms
        steps = draw_panel(PLOTS["profile"], one_panel(found, number), palette(found, LIGHT), Look()).axes[0]
        assert len(steps.lines) == (0 if name in WITHOUT_TARGET else arms)


def test_the_profile_across_tasks_has_a_line_for_every_arm(findings):
    (axes,) = figure_of("profile", findings["two"]).axes
    assert len(axes.lines) == 4
    assert set(texts_of(axes)) >= {"relu", "swish", "mish", "tanh"}


@pytest.mark.parametrize(("form", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
@pytest.mark.parametrize("theme", mostly_slow(["light", "dark"]))
def test_files_are_what_they_are_called_and_repeat(findings, tmp_path, form, begins, theme):
    first, second = tmp_path / f"a.{form}", tmp_path / f"b.{form}"
    for path in (first, second):
        save_picture("curves", findings["one"], Look(theme), path)
    assert first.read_bytes().startswith(begins)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(("kind", "look", "words"), [
    ("curves", Look(), ["epoch", "test accuracy (%)", "mean ± sd, 10 seeds; ▼ begins lower"]),
    ("curves", Look(metric="loss", x="seconds"), ["training seconds", "test loss (nats)"]),
    ("curves", Look(metric="perplexity"), ["epoch", "test perplexity (exp nats)"]),
    ("strip", Look(metric="epochs-to:0.95"), ["epochs to 95 % test accuracy (epochs)"]),
    ("profile", Look(), ["epochs", "runs at 96 % test accuracy (%)"]),
    ("pareto", Look(), ["training time, relu = 1 (quartiles of pairs)",
                        "better: up and to the left; ringed: Pareto front, by these figures alone"]),
])  # fmt: skip
def test_labels_and_units(findings, tmp_path, kind, look, words):
    path = tmp_path / "picture.svg"
    save_picture(kind, findings["one"], look, path)
    texts = ["".join(node.itertext()).strip() for node in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")]
    # Every arm is named where it is drawn: there is no legend to go back and forth to.
    assert set(texts) >= {"relu", "swish", "mish", "tanh", *words}


def test_arms_beyond_the_colours_are_grey_and_some_are_named(findings):
    colours = palette(findings["many"], LIGHT)
    assert colours.colour("relu") == LIGHT.ink
    assert {"swish", "mish"} <= set(colours.coloured)
    assert len(set(colours.coloured)) == 6
    assert colours.colour("f0") == LIGHT.muted
    assert " and 34 more<" in inline_svg("curves", one_panel(findings["many"]), Look(), "p")


def test_a_run_that_did_not_learn_is_a_line_of_its_own(findings):
    found = findings["broken"]
    (axes,) = figure_of("curves", found).axes
    together, alone = (line for line in axes.lines if line.get_color() == palette(found, LIGHT).colour("selu"))
    table = found.tasks[0].arms.set_index("activation")
    assert (together.get_linestyle(), alone.get_linestyle()) == ("-", ":")
    assert together.get_ydata()[-1] == pytest.approx(table.loc["selu", "test_accuracy_learned"] * 100)
    # It goes on with its last value to the end of the picture.
    runs = found.tasks[0].task.runs
    (diverged,) = runs["test_accuracy"][runs["status"] == "diverged"]
    assert alone.get_ydata()[-1] == pytest.approx(diverged * 100)
    assert len(alone.get_xdata()) == len(together.get_xdata())
    text = " ".join(texts_of(axes)).replace("\n", " ")
    assert "mean ± sd of the runs that learned; dotted: 1 run that did not; 1 run ended early" in text


def test_runs_that_did_not_learn_leave_the_picture_where_they_would_squeeze_it(tmp_path):
    arms = [Arm("relu", 0.97, 0.1), Arm("selu", 0.96, 0.1), Arm("elu", 0.08, 0.1, seeds=(0, 1))]
    found = analyse([write(tmp_path, [(Task(), arms)])], Question())
    (axes,) = figure_of("curves", found).axes
    bottom, _ = axes.get_ylim()
    assert bottom > 90
    ends = [line.get_ydata()[-1] for line in axes.lines if line.get_linestyle() == ":"]
    assert len(ends) == 2
    assert max(ends) < bottom
    # They were never inside, and so are marked where they end.
    assert [tuple(point) for point in hollow(axes)] == [(20, bottom)] * 2
    low, high = (f"{end:.3g}" for end in (min(ends), max(ends)))
    assert f"▽ did not learn, and ends at {low} to {high} %" in " ".join(texts_of(axes)).replace("\n", " ")


def hollow(axes):
    """The dots without a face."""
    marks = [mark for mark in axes.collections if isinstance(mark, PathCollection)]
    return [point for mark in marks if not len(mark.get_facecolors()) for point in mark.get_offsets()]


def test_the_strip_names_what_it_draws_and_tells_runs_apart(findings):
    (axes,) = figure_of("strip", findings["one"]).axes
    assert "bar: mean with Student's 95 % interval" in texts_of(axes)
    assert not hollow(axes)
    (axes,) = figure_of("strip", findings["one"], Look(metric="epochs-to:0.95")).axes
    assert "bar: median with its 95 % interval" in texts_of(axes)
    broken = findings["broken"]
    (axes,) = figure_of("strip", broken).axes
    texts = " ".join(texts_of(axes)).replace("\n", " ")
    assert "bar: mean with Student's 95 % interval; hollow: did not learn, and in no bar; beyond the line" in texts
    assert "9/10" in texts_of(axes)
    runs = broken.tasks[0].task.runs
    (diverged,) = runs["test_accuracy"][runs["status"] == "diverged"]
    # It lies far off: to scale, it would squeeze the others.
    ((x, _),) = hollow(axes)
    lowest = min(x for mark in axes.collections for x, _ in mark.get_offsets() if len(mark.get_facecolors()))
    assert diverged * 100 < x < lowest
    assert x < axes.lines[-1].get_xdata()[0] < lowest
    assert f"beyond the line, not to scale: {diverged * 100:.3g} %" in texts
    # The bar is that of the others, whose mean lies far from it.
    learned = broken.tasks[0].arms.set_index("activation").loc["selu", "test_accuracy_learned"] * 100
    assert any(line.get_xdata()[0] == pytest.approx(learned) for line in axes.lines)
    # Seconds are spent by every run alike.
    (axes,) = figure_of("strip", broken, Look(metric="train_seconds")).axes
    assert "bar: mean with Student's 95 % interval" in texts_of(axes)


def test_runs_that_did_not_learn_are_drawn_to_scale_where_that_squeezes_nothing(tmp_path):
    wide = [Arm("relu", 0.9), Arm("tanh", 0.7), Arm("elu", 0.8, statuses={3: "diverged"})]
    found = analyse([write(tmp_path, [(Task(), wide)])], Question())
    (axes,) = figure_of("strip", found).axes
    runs = found.tasks[0].task.runs
    ((x, _),) = hollow(axes)
    assert x == pytest.approx(runs["test_accuracy"][runs["status"] == "diverged"].iloc[0] * 100)
    assert "beyond the line" not in " ".join(texts_of(axes))


def test_no_dot_of_the_strip_hides_another(tmp_path):
    """Equal values, of runs that learned and of runs that did not."""
    even = {"spread": 0.0, "speed": 0.1}
    dead = [Arm("elu", 0.08, **even), Arm("selu", 0.08, **even, seeds=tuple(range(40)))]
    store = write(tmp_path, [(Task(), [Arm("relu", 0.97, **even), *dead])])
    (axes,) = figure_of("strip", analyse([store], Question())).axes
    points = [tuple(point) for mark in axes.collections for point in np.round(mark.get_offsets(), 6).tolist()]
    assert len(points) == 60
    assert len(set(points)) == 60
    assert len(hollow(axes)) == 50
    # Each in its own row, and above the bar of it.
    assert [sum(round(y + 0.1) == row for _, y in points) for row in range(3)] == [10, 10, 40]
    assert all(-0.31 <= y - round(y + 0.1) <= 0.11 for _, y in points)


def test_runs_that_ended_early_are_counted_and_may_have_no_loss_at_all(findings, tmp_path):
    broken = findings["broken"]
    svg = inline_svg("curves", one_panel(broken), Look(metric="loss"), "p")
    assert "mean ± sd of the runs that learned; dotted: 1 run that did not; 1 run ended early" in svg
    arms = [Arm("relu", statuses=dict.fromkeys(range(10), "diverged")), Arm("mish")]
    store = write(tmp_path, [(Task(), arms)], edit=lambda row: row | {"epochs_digest": ""})
    rows = list(csv.DictReader((store / "epochs.csv").read_text().splitlines()))
    lost = {row["run_key"] for row in rows if row["epoch"] == "3" and row["test_loss"] == "nan"}
    assert len(lost) == 10
    with (store / "epochs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | ({"test_loss": "nan"} if row["run_key"] in lost else {}) for row in rows)
    found = analyse([store], Question())
    assert "mish" in inline_svg("curves", one_panel(found), Look(metric="loss"), "p")


def test_a_task_without_a_coloured_arm_is_drawn_in_grey(tmp_path):
    arms = [[Arm(f"f{n}a", seeds=(0,)), Arm(f"f{n}b", seeds=(0,))] for n in range(8)]
    found = analyse([write(tmp_path, [(Task(f"data{n}", epochs=3), arms[n]) for n in range(8)])], Question())
    assert not any(palette(found, LIGHT).named(arm) for arm in found.tasks[-1].task.arms)
    assert re.search(r"grey: \w+, \w+<", inline_svg("curves", one_panel(found, -1), Look(), "p"))


LONG = "frelu(epsilon=0.001, momentum=0.99)"


@pytest.fixture(scope="module")
def wordy(tmp_path_factory):
    """Arms and tasks with long names, and more arms than there are colours."""
    arms = [Arm("relu"), Arm(LONG), Arm("hard_sigmoid(slope=0.2)"), *(Arm(f"mish(beta=0.{n}25)") for n in range(1, 7))]
    long = Task(model="char_lm(depth=2, width=96, heads=4, gated=True)", variant="one with a long name")
    folder = tmp_path_factory.mktemp("wordy")
    return analyse([write(folder, [(long, arms), (replace(long, dataset="cifar10"), arms)])], Question())


LOOKS = {
    "strip": [Look(), Look(metric="best_test_accuracy"), Look(metric="epochs-to:0.95")],
    "curves": [Look(metric="loss")],
}


@pytest.mark.parametrize("on_page", mostly_slow([False, True]))
@pytest.mark.parametrize("kind", DRAWN_OF_ALL)
@pytest.mark.parametrize("name", mostly_slow(["wordy", *STORES]))
def test_every_word_lies_in_the_picture_and_none_on_another(findings, wordy, kind, name, on_page):
    found = wordy if name == "wordy" else findings[name]
    for look in (Look(), *LOOKS.get(kind, [])):
        with themed(LIGHT):
            colours = palette(found, LIGHT)
            panel = PLOTS[kind].across(found) or one_panel(found)
            figure = (
                draw_panel(PLOTS[kind], panel, colours, look)
                if on_page
                else draw_figure(PLOTS[kind], found, colours, look)
            )
            renderer = figure.canvas.get_renderer()
            boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
            assert min(box.x0 for box in boxes) >= 0
            assert min(box.y0 for box in boxes) >= 0
            assert max(box.x1 for box in boxes) <= figure.bbox.width
            assert max(box.y1 for box in boxes) <= figure.bbox.height
            assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
            for axes in figure.axes:
                for remark in [text for text in axes.texts if text.get_label() == REMARK and text.get_text()]:
                    assert remark.get_window_extent().y1 <= axes.xaxis.label.get_window_extent().y0


@pytest.mark.parametrize("on_page", [False, True])
def test_nothing_is_cut_off_at_the_edges_and_the_front_is_ringed(tmp_path, on_page):
    arms = [Arm("relu", 0.9700, seeds=(0,), spread=1e-4), Arm("mish", 0.9706, seeds=(0,), spread=1e-4, seconds=0.3)]
    found = analyse([write(tmp_path, [(Task(), arms)])], Question())
    with themed(LIGHT):
        colours = palette(found, LIGHT)
        if on_page:
            figure = draw_panel(PLOTS["pareto"], one_panel(found), colours, Look())
        else:
            figure = draw_figure(PLOTS["pareto"], found, colours, Look())
        (axes,) = figure.axes
        assert axes.get_ylabel() == "test accuracy (%)"  # one seed has no spread
        box = axes.get_tightbbox(figure.canvas.get_renderer())
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    marks = [mark for mark in axes.collections if isinstance(mark, PathCollection)]
    rings = [mark for mark in marks if mark.get_sizes().tolist() == [120.0]]
    seconds = found.tasks[0].arms["train_seconds"]
    assert [ring.get_offsets()[0][0] for ring in rings] == pytest.approx(sorted(seconds / seconds[0]))
    assert dots(axes, 46.0) == 2


@pytest.mark.parametrize("on_page", [False, True])
def test_names_of_a_crowd_of_points_touch_no_other_and_no_point(tmp_path, on_page):
    names = ["relu", "elu", "selu", "tanh", "gelu", "swish", "mish", "sine", "spocu", "arelu", "prelu", "softplus",
             "sigmoid", "leaky_relu", "hardshrink", "squared_relu"]  # fmt: skip
    arms = [Arm(name, 0.95 + n % 5 / 1000, seconds=0.2 + n % 3 / 200) for n, name in enumerate(names)]
    found = analyse([write(tmp_path, [(Task(), arms)])], Question())
    with themed(LIGHT):
        colours = palette(found, LIGHT)
        figure = (
            draw_panel(PLOTS["pareto"], one_panel(found), colours, Look())
            if on_page
            else draw_figure(PLOTS["pareto"], found, colours, Look())
        )
        (axes,) = figure.axes
        labels = [text for text in axes.texts if text.get_text() in names]
        boxes = [Text.get_window_extent(label) for label in labels]
        frame = axes.get_window_extent()
        places = axes.transData.transform([label.xy for label in labels])
    assert sorted(label.get_text() for label in labels) == sorted(names)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert not any(box.contains(*place) for box in boxes for place in places)
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1 for box in boxes)
    # A line leads from each name to its own point.
    accuracy = found.tasks[0].arms.set_index("activation")["test_accuracy_learned"]
    for label in labels:
        assert label.arrow_patch is not None
        assert label.xy[1] == pytest.approx(accuracy[label.get_text()] * 100)


def test_long_names_keep_whole_parameters_and_those_that_tell_them_apart():
    shared = "frelu(epsilon=0.001, momentum="
    names = [
        "relu",
        "hard_sigmoid(slope=0.2)",
        f"{shared}0.9)",
        f"{shared}0.99)",
        "spocu(alpha=3.0937, beta=0.6653)",
        LONG,
    ]
    short = short_names(names)
    assert set(short) == set(names)
    assert short["hard_sigmoid(slope=0.2)"] == "hard_sigmoid(slope=0.2)"
    assert [short[f"{shared}{value})"] for value in ("0.9", "0.99")] == [
        f"frelu(momentum={value}, …)" for value in ("0.9", "0.99")
    ]
    assert short["spocu(alpha=3.0937, beta=0.6653)"] == "spocu(alpha=3.0937, …)"
    assert len(set(short.values())) == len(short)
    assert max(map(len, short.values())) <= MOST_LETTERS
    assert short_names([LONG]) == {LONG: "frelu(epsilon=0.001, …)"}


def test_too_many_tasks_for_a_picture(tmp_path):
    store = write(tmp_path, [(Task(f"data{n}", epochs=2), [Arm("relu", seeds=(0,))]) for n in range(13)])
    with pytest.raises(UserError, match="13 tasks are too many for one picture"):
        save_picture("strip", analyse([store], Question()), Look(), tmp_path / "a.png")


def test_svg_for_pages_takes_its_colours_from_the_page(findings):
    svg = inline_svg("curves", one_panel(findings["one"]), Look(), "p7")
    assert "var(--ink)" in svg
    assert "var(--series-0)" in svg
    assert not any(colour in svg for colour in VARIABLES)
    assert 'id="p7-' in svg
    assert "url(#p7-" in svg
    ET.fromstring(svg)


def test_names_are_escaped_in_svg(tmp_path):
    store = write(tmp_path, [(Task(epochs=3), [Arm("<script>"), Arm("a & b$^2$")])])
    found = analyse([store], Question())
    svg = inline_svg("strip", one_panel(found), Look(), "p")
    assert "<script>" not in svg
    assert "a &amp; b$^2$" in svg


@pytest.mark.parametrize("places", [[0.5] * 3, [0.0, 0.01, 0.9], [0.97, 0.98, 1.0], [0.1, 0.2, 0.3, 0.35], [0.5], []])
def test_labels_are_spread_out(places):
    found = spread_out(places, 0.1)
    assert len(found) == len(places)
    assert all(b - a >= 0.1 - 1e-9 for a, b in itertools.pairwise(found))
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in found)
    if all(b - a >= 0.1 for a, b in itertools.pairwise(places)):
        assert found == places


# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour):
    part = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    xyz = np.array(to_xyz) @ np.clip(rgb, 0, 1) / np.array([0.95047, 1, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_colours_can_be_told_apart_by_everybody(theme, blindness):
    seen = [lab(np.array(BLINDNESS[blindness]) @ linear(colour)) for colour in (theme.ink, *theme.series)]
    # A distance of 2.3 in CIELAB is just noticeable.
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 25


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_colours_stand_out_from_the_paper(theme):
    def contrast(colour):
        first, second = (float(linear(c) @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in (colour, theme.paper))
        return max(first, second) / min(first, second)

    assert all(contrast(colour) >= 3 for colour in theme.series)
    assert contrast(theme.ink) >= 7
    assert contrast(theme.muted) >= 4.5


def test_the_page_has_the_colours_of_the_themes():
    css = (Path(__file__).parent.parent / "actbench/reports/formats/templates/report.css").read_text()
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    for text, theme in ((light, LIGHT), (dark.split("* {")[0], DARK)):
        for name, colour in zip(
            ("--paper", "--ink", "--muted", "--faint"), (theme.paper, theme.ink, theme.muted, theme.faint), strict=True
        ):
            assert f"{name}: {colour};" in text
        for number, colour in enumerate(theme.series):
            assert f"--series-{number}: {colour};" in text


@pytest.mark.parametrize(
    ("words", "kind", "file"),
    [
        (["pareto"], "pareto", "pareto.png"),
        (["strip", "results/adhoc", "--output", "s.svg", "--theme", "dark"], "strip", "s.svg"),
        (["results/adhoc", "curves", "--x", "seconds", "--output", "c.svg"], "curves", "c.svg"),
    ],
)
def test_the_plot_command_writes_what_was_asked_for(own_folder, invoke, words, kind, file):
    store = write(Path("results/adhoc"), [(Task(epochs=3), [replace(arm, seeds=(0, 1)) for arm in ARMS])])
    done = invoke("plot", *words)
    assert (done.returncode, done.stdout) == (0, f"{file}\n")
    look = Look("dark" if "dark" in words else "light", x="seconds" if "seconds" in words else "epochs")
    save_picture(kind, analyse([store], Question()), look, own_folder / f"expected{Path(file).suffix}")
    assert Path(file).read_bytes() == Path(f"expected{Path(file).suffix}").read_bytes()


def test_a_picture_draws_one_metric_of_one_task(findings):
    with pytest.raises(UserError, match="say which threshold, like epochs-to:0.95"):
        figure_of("strip", findings["one"], Look(metric="epochs-to"))
    all_tasks = Panel(findings["two"], None, "All")
    with pytest.raises(ValueError, match="'All' shows no single task"):
        inline_svg("curves", all_tasks, Look(), "p")


@pytest.mark.parametrize("kind", mostly_slow(DRAWN_OF_ALL))
def test_unfinished_runs_are_in_no_figure(tmp_path, invoke, kind):
    """Two of ten runs were broken off early: everything looks as if they were not there, and nothing raises."""
    broken_off = {8: "interrupted", 9: "interrupted"}
    arms = [replace(arm, statuses=broken_off) for arm in ARMS]

    def early(row):
        return row | {"train_seconds": 0.01, "epochs_run": 1} if row["status"] == "interrupted" else row

    def finished_only(row):
        return row if row["status"] == "ok" else None

    stores = [write(tmp_path / edit.__name__, [(Task(), arms)], edit=edit) for edit in (early, finished_only)]
    pictures = [tmp_path / f"{store.name}.svg" for store in stores]
    for store, path in zip(stores, pictures, strict=True):
        assert invoke("plot", store, kind, "--output", path).returncode == 0
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
    assert invoke("compare", stores[0], "--format", "html").returncode == 0


def test_no_interval_of_accuracies_leaves_what_is_possible(tmp_path):
    """Three seeds of which one failed to learn much: Student's interval would go far beyond both ends."""
    arms = [Arm("relu", 0.95, spread=0.2, seeds=(0, 1, 2)), Arm("mish", 0.6, spread=0.6, seeds=(0, 1, 2))]
    found = analyse([write(tmp_path, [(Task(epochs=3), arms)])], Question())
    (comparison,) = found.tasks[0].comparisons
    for summary in (comparison.baseline_summary, comparison.rows[0].summary):
        assert 0 <= summary.interval.low < summary.mean < summary.interval.high <= 1
    assert -1 <= comparison.rows[0].comparison.interval.low < comparison.rows[0].comparison.interval.high <= 1
    figure = draw_figure(PLOTS["strip"], found, palette(found, LIGHT), Look())
    bars = [line.get_xdata() for line in figure.axes[0].lines if len(set(line.get_ydata())) == 1]
    assert len(bars) == 2
    assert all(0 <= end <= 100 for bar in bars for end in bar)
    assert any(end in (0, 100) for bar in bars for end in bar)
