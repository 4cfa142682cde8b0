"""The committed results: complete, whole, and every figure beside them recomputed from the two raw tables."""

import re
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from conftest import mostly_slow

from actbench.execution.plan import plan_from_store
from actbench.execution.reproduce import find_case, studies
from actbench.reports.plots import Look
from actbench.reports.plots.figures import save_picture
from actbench.results.frames import read_frames
from actbench.results.read import EPOCHS, RUNS, read_manifest, read_runs
from actbench.tables import arm_table, to_csv
from actbench.tables.findings import analyse
from actbench.tables.measured import EpochRule
from actbench.tables.published import Share, count_digits
from tools import results
from tools.own import CHANGED, MOVED, UPHELD, own_studies

REPOSITORY = Path(__file__).parent.parent
STORES = REPOSITORY / "results"
NAMES = sorted(name for name in studies() if (STORES / name / RUNS).is_file())
# The smallest stores first: of what is redrawn and rewritten, the quick suite does these.
NAMES.sort(key=lambda name: (STORES / name / EPOCHS).stat().st_size)
OWN = [path.stem for path in (REPOSITORY / "studies").glob("*.toml") if (STORES / path.stem).is_dir()]
OWN.sort(key=lambda name: (STORES / name / EPOCHS).stat().st_size)


@pytest.fixture
def repository(monkeypatch):
    """Stand where the commands beside the figures are given."""
    monkeypatch.chdir(REPOSITORY)


@pytest.mark.parametrize("name", NAMES)
def test_every_stored_run_is_one_that_its_study_asks_for(repository, name):
    case = find_case(name, results.RESULTS)
    plan = plan_from_store(case.study, case.store)
    assert plan is not None
    stored = {row["run_key"] for row in read_runs(case.store)}
    assert stored
    assert stored <= set(plan.keys)


@pytest.mark.parametrize("name", [*NAMES, *OWN])
def test_the_table_follows_from_the_two_raw_files(repository, name):
    folder = results.RESULTS / name
    runs, epochs = read_frames(folder)
    thresholds = read_manifest(folder)["studies"][name]["thresholds"]
    assert to_csv(arm_table(runs, epochs, thresholds)) == (folder / "table.csv").read_text(encoding="utf-8")
    # Each run's own row follows from its epochs too.
    last = epochs.sort_values("epoch").groupby("run_key").last()
    best = epochs[epochs["epoch"] > 0].groupby("run_key")["test_accuracy"].max()
    runs = runs.set_index("run_key")
    assert (runs["test_accuracy"] == last["test_accuracy"].reindex(runs.index)).all()
    assert (runs["best_test_accuracy"] == best.reindex(runs.index)).all()
    assert (runs["epochs_run"] == last["epoch"].reindex(runs.index)).all()


@pytest.mark.parametrize("name", mostly_slow(NAMES))
def test_comparison_and_verdicts_are_what_the_commands_print(repository, name):
    for file, text in results.texts(results.stored(name)).items():
        assert (results.RESULTS / name / file).read_text(encoding="utf-8") == text


def own(name):
    """A study that is no article's."""
    return next(study for study in own_studies(results.RESULTS) if study.name == name)


@pytest.mark.parametrize("name", mostly_slow(OWN))
def test_the_comparison_of_a_study_of_our_own_is_what_the_command_prints(repository, name):
    for file, text in results.texts_of_own(own(name)).items():
        assert (results.RESULTS / name / file).read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", mostly_slow(NAMES))
@pytest.mark.parametrize("kind", mostly_slow([*results.PICTURES]))
def test_pictures_are_what_the_command_draws(repository, tmp_path, name, kind):
    check_picture(kind, name, analyse([results.RESULTS / name], results.question(results.stored(name))), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", OWN)
def test_pictures_of_a_study_of_our_own_are_what_the_command_draws(repository, tmp_path, name):
    study = own(name)
    for kind in (*results.PICTURES, *study.pictures):
        check_picture(kind, name, study.findings, tmp_path)


def check_picture(kind, name, findings, tmp_path):
    save_picture(kind, findings, Look(), tmp_path / "drawn.svg")
    committed = results.RESULTS / name / f"{kind}.svg"
    # A coordinate's last digit differs between processors.
    drawn = [(tmp_path / "drawn.svg").read_text(encoding="utf-8"), committed.read_text(encoding="utf-8")]
    words, coordinates = zip(*(split_numbers(text) for text in drawn), strict=True)
    assert words[0] == words[1]
    assert coordinates[0] == pytest.approx(coordinates[1], abs=1e-4)
    # The same picture as pixels.
    save_picture(kind, findings, Look(), tmp_path / "drawn.png")
    pixels = [matplotlib.image.imread(path) for path in (tmp_path / "drawn.png", committed.with_suffix(".png"))]
    assert pixels[0].shape == pixels[1].shape
    assert np.abs(pixels[0] - pixels[1]).mean() < 1e-3


def split_numbers(svg):
    """The text between the coordinates of an SVG, and the coordinates; names made from them by a hash are left out."""
    svg = re.sub(r'(\bid="|url\(#|href="#)\w+', r"\1", svg)
    return re.sub(r"-?\d+\.\d+", "", svg), [float(number) for number in re.findall(r"-?\d+\.\d+", svg)]


@pytest.mark.slow
def test_what_the_studies_expect_holds(repository):
    found = [results.stored(name) for name in NAMES]
    assert [judged.claim.text for one in found for judged in one.disappointing] == []


@pytest.fixture(scope="module")
def judged():
    """The verdict and evidence of each claim on Swish and Mish that is about arms, by variant, arm and metric."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        claims = results.stored("swish-mish-mnist").claims
    return {(one.variant, one.claim.arm, one.claim.by): one for one in claims if one.claim.arm}


def test_the_seed_that_the_article_printed_judges_none_of_its_claims(judged):
    assert {one.evidence.own_seeds for one in judged.values()} == {(10,)}
    assert {one.seeds for one in judged.values()} == {9}
    verdicts = {key: str(one.verdict) for key, one in judged.items()}
    assert verdicts["lr 0.5", "mish", "test_accuracy"] == "undecided"
    assert verdicts["200-100", "swish", "test_accuracy"] == "refuted"
    # Together with Mish, of which the article claims the same, nine seeds do not tell.
    assert verdicts["200-100, lr 0.5", "swish", "test_accuracy"] == "undecided"
    assert "confirmed" not in verdicts.values()


def test_nothing_beside_the_raw_tables_counts_the_articles_own_seed(repository):
    """`compare` and `reproduce` say the same of the same pairs, digit by digit."""
    text = (results.RESULTS / "swish-mish-mnist" / results.COMPARISON).read_text(encoding="utf-8")
    assert text.startswith(
        "Without seed 10, the article's own: `actbench compare results/swish-mish-mnist --where 'seed!=10' --format md`"
    )
    rows = {
        line.split(" | ")[0].strip("| "): line.split(" | ") for line in text.split("· 200-100\n")[1].splitlines()[:12]
    }
    assert (rows["swish"][1], rows["mish"][1]) == ("9", "9")
    swish = re.search(r"\| swish \| -0.09 \| .* \| 0.031 \| .* \| worse, by no more than", text)
    assert swish


def test_claims_go_by_the_epoch_that_compare_goes_by(repository):
    """A study with a validation part: the epoch that validation chose, in both."""
    found = results.stored("frelu-mnist")
    told = next(one for one in found.claims if one.claim.arm and one.claim.by == "test_accuracy").evidence
    (row,) = analyse([found.case.store], results.question(found)).tasks[0].comparisons[0].rows
    assert told.difference == row.comparison.difference
    assert {item.task.rule for item in found.findings.tasks} == {EpochRule.VAL}


def test_mish_takes_as_long_as_swish(judged):
    found = judged["basic", "mish", "epoch_seconds"]
    assert found.verdict == "undecided"
    assert found.evidence.ratio == pytest.approx(1.004, abs=0.002)
    assert (found.evidence.interval.low, found.evidence.interval.high) == pytest.approx((0.988, 1.021), abs=0.002)


def test_cells_that_are_printed_twice_or_hard_to_miss_are_counted_apart(repository):
    digits = count_digits(results.stored("swish-mish-mnist").cells)
    assert (digits.all, digits.distinct, digits.accuracies) == (Share(72, 90), Share(66, 84), Share(14, 28))


@pytest.mark.slow
def test_the_page_of_results_is_computed(repository):
    page = (results.RESULTS / results.PAGE).read_text(encoding="utf-8")
    found = [results.stored(name) for name in results.trained()]
    assert results.page(found, own_studies(results.RESULTS)) == page


@pytest.mark.slow
def test_a_study_without_runs_is_named_as_one(repository, monkeypatch):
    monkeypatch.setattr(results, "trained", lambda: NAMES[1:])
    found = [results.stored(name) for name in NAMES[1:]]
    page, readme = results.page(found, []), (REPOSITORY / "README.md").read_text(encoding="utf-8")
    left_out = NAMES[0]
    (named,) = re.findall("(?m)^No runs are stored of .*$", page)
    assert f"[{left_out}](../configs/{left_out}.toml)" in named
    assert re.search(
        rf"(?m)^- \[{left_out}\]\(configs/{left_out}\.toml\): .* No runs stored yet\.$",
        results.with_verdicts(readme, found),
    )
    assert f"## {left_out}" not in page


SMALL = """
name = "small"
description = "Two activations."
model = "mlp(16)"
thresholds = [0.9]

[data]
name = "digits"

[training]
epochs = 2
batch_size = 50
optimizer = "adam"

[grid]
activation = ["relu", "tanh", "sigmoid"]
seeds = 6

[tuning]
seeds = 2

[tuning.grid]
learning_rate = [0.001, 0.0316]
"""

CLAIM = """
[[claims]]
text = "Tanh is above ReLU."
arm = "tanh"
is = "higher"
than = ["relu"]
"""


def test_a_verdict_of_the_same_runs_is_moved_by_the_other_arms_alone(repository):
    moved = 0
    for study in map(own, OWN):
        for task in study.tuned:
            tables = [found.task.runs.groupby("activation")["run_key"].agg(set) for found in (task.own, task.shared)]
            for fate, arms in task.fates.items():
                for arm in arms:
                    same = all(tables[0][name] == tables[1][name] for name in (arm, task.baseline))
                    assert same or fate != MOVED, (study.name, arm)
                    assert not same or fate in (MOVED, UPHELD, CHANGED), (study.name, arm)
                    moved += fate == MOVED
    assert moved


@pytest.mark.slow
def test_a_study_of_our_own_is_told_by_its_raw_tables(tmp_path, monkeypatch, invoke):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "small.toml").write_text(SMALL, encoding="utf-8")
    assert invoke("run", "studies/small.toml", "--results", "results/small", "--quiet", "--jobs", "1").returncode == 0
    (study,) = own_studies(Path("results"))
    assert (study.lacking, study.runs) == (0, "36 scoring runs on 6 seeds and 12 tuning runs")
    (task,) = study.tuned
    assert task.shared_settings == "0.001"
    found = {}
    for row in read_runs(study.store):
        if row["role"] == "scoring":
            found.setdefault((row["activation"], row["learning_rate"]), []).append(float(row["test_accuracy"]))
    assert {arm.chosen for arm in task.arms} == {"0.0316 (edge)"}
    assert {arm.arm: (arm.own, arm.shared) for arm in task.arms} == {
        arm: tuple(f"{100 * np.mean(found[arm, rate]):.2f}" for rate in ("0.0316", "0.001"))
        for arm in ("relu", "tanh", "sigmoid")
    }
    # At the low rate tanh has learned more than ReLU; at the high one both have.
    assert "relu's own is 0.0316. Of 2 verdicts against it at 0.001 for all, 1 tells a difference." in task.survives
    assert "upheld: 0; gone: 1 (tanh better); reversed: 0; new: 1 (sigmoid worse). Of 2 arms, 0 are" in task.survives
    # Without a tuning it is told as `compare` sums up, and its claims are judged.
    plain = SMALL.partition("[tuning]")[0].replace('"small"', '"untuned"') + CLAIM
    (tmp_path / "studies" / "untuned.toml").write_text(plain, encoding="utf-8")
    invoke("run", "studies/untuned.toml", "--results", "results/untuned", "--reuse", "results/small", "--jobs", "1")
    (untuned,) = (study for study in own_studies(Path("results")) if study.name == "untuned")
    assert study.outcome.startswith(
        "Of 1 difference from relu at 0.001 for all, when each arm has its own learning rate"
    )
    assert study.outcome.endswith(", 1 gone, 1 new; of 2 arms, 0 are better than relu then, and 1 worse.")
    (line,) = untuned.lines
    assert line.startswith("digits · mlp(16). Test accuracy after the last epoch: better than relu: tanh (+")
    assert (untuned.tuned, untuned.pictures, study.lines) == ([], (), [])
    (claim,) = untuned.claims
    assert (claim.text, claim.verdict) == ("Tanh is above ReLU.", "confirmed")
    assert untuned.outcome == "1 claim: 1 confirmed."
    page = results.page([], [untuned])
    assert line in page
    assert f"- {claim.text} **confirmed**: {claim.figures}." in page
    assert claim.figures in results.texts_of_own(untuned)[results.VERDICTS]
    assert (study.claims, study.judged) == ([], None)
    # Where all chose what they share, there is one table, and nothing to survive.
    alike = SMALL.replace('"small"', '"alike"').replace('"adam"', '"adam"\nlearning_rate = 0.0316')
    (tmp_path / "studies" / "alike.toml").write_text(alike, encoding="utf-8")
    invoke("run", "studies/alike.toml", "--results", "results/alike", "--reuse", "results/small", "--jobs", "1")
    (alike,) = (study for study in own_studies(Path("results")) if study.name == "alike")
    assert alike.outcome == "Every arm's own learning rate is 0.0316."
    assert [arm.own for arm in alike.tuned[0].arms] == [arm.shared for arm in alike.tuned[0].arms]


@pytest.mark.slow
def test_the_readme_shows_the_verdicts(repository):
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert results.with_verdicts(readme, [results.stored(name) for name in results.trained()]) == readme
    assert results.with_own(readme, own_studies(results.RESULTS)) == readme
    assert results.with_tuned(readme, own(results.SHOWN)) == readme
