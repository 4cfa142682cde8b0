"""Pictures: every kind in every format, the same each time, with colours and labels that can be told apart."""

from __future__ import annotations

import csv
import itertools
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from synthetic import Arm, Task, write

from actbench.errors import UserError
from actbench.reports.plots import KINDS, Look, _panels, _shape, inline_svg, save_picture
from actbench.reports.plots.curves import draw_curves
from actbench.reports.plots.pareto import draw_pareto
from actbench.reports.plots.style import DARK, LIGHT, VARIABLES, drawing, palette, spread_out
from actbench.tables.findings import Question, analyse

ARMS = [Arm("relu"), Arm("swish", 0.972, 1.8), Arm("mish", 0.9745, 1.6, seconds=0.35), Arm("tanh", 0.955, 3.0)]


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    many = [*ARMS, *(Arm(f"f{n}", 0.9 + n / 1000) for n in range(40))]
    return {
        "one": analyse([write(folder / "one", [(Task(), ARMS)])], Question()),
        "two": analyse([write(folder / "two", [(Task(), ARMS), (Task("cifar10"), ARMS)])], Question()),
        "many": analyse([write(folder / "many", [(Task(), many)])], Question()),
        "bare": analyse([write(folder / "bare", [(Task(epochs=1), [Arm("relu", seeds=(0,))])])], Question()),
        "broken": analyse([write(folder / "broken", [(Task(), [
            Arm("selu", statuses={0: "diverged"}), Arm("elu", statuses={1: "failed"}),
            Arm("oom", statuses=dict.fromkeys(range(10), "oom")),
        ])])], Question()),
        "failed": analyse([write(folder / "failed", [(Task(), [
            Arm("relu", statuses=dict.fromkeys(range(10), "failed")),
            Arm("mish", statuses=dict.fromkeys(range(10), "oom")),
        ])])], Question()),
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["one", "two", "many", "bare", "broken", "failed"])
def test_every_kind_of_every_store(findings, tmp_path, kind, name):
    path = tmp_path / "picture.png"
    save_picture(kind, findings[name], Look(), path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > (2000 if name == "failed" else 5000)


@pytest.mark.parametrize(("form", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_files_are_what_they_are_called_and_repeat(findings, tmp_path, form, begins, theme):
    first, second = tmp_path / f"a.{form}", tmp_path / f"b.{form}"
    for path in (first, second):
        save_picture("curves", findings["one"], Look(theme), path)
    assert first.read_bytes().startswith(begins)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(("kind", "look", "words"), [
    ("curves", Look(), ["epoch", "test accuracy (%)", "mean ± sd, 10 seeds"]),
    ("curves", Look(metric="loss", x="seconds"), ["training seconds", "test loss (nats)"]),
    ("strip", Look(metric="epochs-to:0.95"), ["epochs to 95 % test accuracy (epochs)"]),
    ("profile", Look(), ["epochs", "runs at 96 % test accuracy (%)"]),
    ("pareto", Look(), ["training seconds of a run, median and quartiles",
                        "better: up and to the left; ringed: Pareto front"]),
])  # fmt: skip
def test_labels_and_units(findings, tmp_path, kind, look, words):
    path = tmp_path / "picture.svg"
    save_picture(kind, findings["one"], look, path)
    texts = ["".join(node.itertext()).strip() for node in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")]
    # Every arm is named where it is drawn: there is no legend to go back and forth to.
    assert set(texts) >= {"relu", "swish", "mish", "tanh", *words}


def test_arms_beyond_the_colours_are_grey_and_counted(findings):
    colours = palette(findings["many"], LIGHT)
    assert colours.colour("relu") == LIGHT.ink
    assert {"swish", "mish"} <= set(colours.coloured)
    assert len(set(colours.coloured)) == 6
    assert colours.colour("f0") == LIGHT.muted
    assert "37 others in grey" in inline_svg("curves", findings["many"], findings["many"].tasks[0], Look(), "p")


def test_a_diverged_run_stays_in_the_mean(findings):
    from matplotlib.figure import Figure

    found = findings["broken"]
    axes = Figure().add_subplot()
    draw_curves(axes, found, found.tasks[0], palette(found, LIGHT))
    line = next(line for line in axes.lines if line.get_color() == palette(found, LIGHT).colour("selu"))
    table = found.tasks[0].arms.set_index("activation")
    assert line.get_ydata()[-1] == pytest.approx(table.loc["selu", "test_accuracy"] * 100)


def test_runs_that_ended_early_are_counted_and_may_have_no_loss_at_all(findings, tmp_path):
    broken = findings["broken"]
    svg = inline_svg("curves", broken, broken.tasks[0], Look(metric="loss"), "p")
    assert "mean ± sd, 9 to 10 seeds; 1 run ended early" in svg
    store = write(tmp_path, [(Task(), [Arm("relu", statuses=dict.fromkeys(range(10), "diverged")), Arm("mish")])])
    rows = list(csv.DictReader((store / "epochs.csv").read_text().splitlines()))
    lost = {row["run_key"] for row in rows if row["epoch"] == "3" and row["test_loss"] == "nan"}
    assert len(lost) == 10
    with (store / "epochs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | ({"test_loss": "nan"} if row["run_key"] in lost else {}) for row in rows)
    found = analyse([store], Question())
    assert "mish" in inline_svg("curves", found, found.tasks[0], Look(metric="loss"), "p")


def test_a_task_without_a_coloured_arm_is_drawn_in_grey(tmp_path):
    arms = [[Arm(f"f{n}a", seeds=(0,)), Arm(f"f{n}b", seeds=(0,))] for n in range(8)]
    found = analyse([write(tmp_path, [(Task(f"data{n}", epochs=3), arms[n]) for n in range(8)])], Question())
    assert not any(palette(found, LIGHT).named(arm) for arm in found.tasks[-1].task.arms)
    assert "2 others in grey" in inline_svg("curves", found, found.tasks[-1], Look(), "p")


@pytest.mark.parametrize("on_page", [False, True])
def test_nothing_is_cut_off_at_the_edges_and_the_front_is_ringed(tmp_path, on_page):
    arms = [Arm("relu", 0.9700, seeds=(0,), spread=1e-4), Arm("mish", 0.9706, seeds=(0,), spread=1e-4, seconds=0.3)]
    found = analyse([write(tmp_path, [(Task(), arms)])], Question())
    with drawing(LIGHT):
        colours = palette(found, LIGHT)
        figure, (axes,) = _panels(_shape("pareto", found.tasks, colours, on_page=on_page), 1)
        draw_pareto(axes, found.tasks[0], colours)
        assert axes.get_ylabel() == "test accuracy (%)"  # one seed has no spread
        box = axes.get_tightbbox(figure.canvas.get_renderer())
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    marks = [mark for mark in axes.collections if isinstance(mark, PathCollection)]
    rings = [mark for mark in marks if mark.get_sizes().tolist() == [120.0]]
    assert [ring.get_offsets()[0][0] for ring in rings] == sorted(found.tasks[0].arms["train_seconds"])
    points = [mark for mark in marks if mark.get_sizes().tolist() == [46.0]]
    assert len(points) == 2


def test_too_many_tasks_for_a_picture(tmp_path):
    store = write(tmp_path, [(Task(f"data{n}", epochs=2), [Arm("relu", seeds=(0,))]) for n in range(13)])
    with pytest.raises(UserError, match="13 tasks are too many for one picture"):
        save_picture("strip", analyse([store], Question()), Look(), tmp_path / "a.png")


def test_svg_for_pages_takes_its_colours_from_the_page(findings):
    svg = inline_svg("curves", findings["one"], findings["one"].tasks[0], Look(), "p7")
    assert "var(--ink)" in svg
    assert "var(--series-0)" in svg
    assert not any(colour in svg for colour in VARIABLES)
    assert 'id="p7-' in svg
    assert "url(#p7-" in svg
    ET.fromstring(svg)


def test_names_are_escaped_in_svg(tmp_path):
    store = write(tmp_path, [(Task(epochs=3), [Arm("<script>"), Arm("a & b$^2$")])])
    found = analyse([store], Question())
    svg = inline_svg("strip", found, found.tasks[0], Look(), "p")
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
    css = (Path(__file__).parent.parent / "actbench/reports/templates/report.css").read_text()
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    for text, theme in ((light, LIGHT), (dark.split("* {")[0], DARK)):
        for name, colour in zip(
            ("--paper", "--ink", "--muted", "--faint"), (theme.paper, theme.ink, theme.muted, theme.faint), strict=True
        ):
            assert f"{name}: {colour};" in text
        for number, colour in enumerate(theme.series):
            assert f"--series-{number}: {colour};" in text


def test_the_plot_command(tmp_path, monkeypatch, capsys):
    import sys

    from actbench import cli

    monkeypatch.chdir(tmp_path)
    write(Path("results/adhoc"), [(Task(epochs=3), [replace(arm, seeds=(0, 1)) for arm in ARMS])])
    for words in (["plot", "pareto"], ["plot", "strip", "results/adhoc", "--output", "s.svg", "--theme", "dark"]):
        monkeypatch.setattr(sys, "argv", ["actbench", *words])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
        assert not leaving.value.code
        assert Path(capsys.readouterr().out.strip()).stat().st_size > 5000
