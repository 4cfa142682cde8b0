"""Printed means of several runs beside ours: Welch's interval, one family a table, and verdicts that say no more."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from test_claims import run_table, series

from actbench.reports import words
from actbench.reports.formats.markdown import grid_lines
from actbench.reports.sheet.printed import printed_grids
from actbench.studies.article import Article, Claim, Table, printed_cells
from actbench.tables.claims import judge_claims
from actbench.tables.evidence import Lacking, NoEvidence
from actbench.tables.published import ReproducedFigure, compare_means, lay_beside

GOLDEN = Path(__file__).parent / "golden" / "reproduce" / "means.md"
STEPS = np.array([-0.0006, -0.0002, 0.0, 0.0001, 0.0003, 0.0004])
PRINTED = """activation | test_accuracy
relu    | 98.942 ± 0.0387 %
mish    | 99.018 ± 0.0560 %
elu     | 98.900 ± 0.0443 %
sigmoid | 11.350 ± 0.0000 %
softplus | 11.350 ± 0.0000 %
selu    | 11.350 ± 0.0000 %
tanh    | 98.922 ± 0.0325 %
"""
TABLE = Table(PRINTED, runs=5, ddof=0, place="Table 2")
OURS = {
    "relu": series(0.9895 + STEPS),
    "mish": series(0.9880 + STEPS),
    "elu": series([0.989, 0.9891]),
    "sigmoid": series([0.1135] * 6),
    "softplus": series([0.1135] * 5 + [0.2]),
    "selu": series([0.1] * 6),
}


def cells(table=TABLE, ours=None):
    return lay_beside(Article(published=(table,)), run_table(ours or OURS))


def verdict(arms, within, ours=None, table=TABLE):
    claim = Claim(text="As printed.", cells=tuple(f": {arm}" for arm in arms), within=within)
    article = Article(published=(table,), claims=(claim,))
    (found,) = judge_claims(article, cells(table, ours), [], run_table(ours or OURS))
    return found


# The arithmetic


def test_the_interval_is_scipys_of_the_two_samples():
    theirs = np.array([98.91, 98.99, 98.9, 98.97, 98.94])
    for ddof in (0, 1):
        figure = f"activation | test_accuracy\nrelu | {theirs.mean():.9f} ± {theirs.std(ddof=ddof):.9f} %"
        (cell,) = cells(Table(figure, runs=5, ddof=ddof))
        found = cell.difference_interval(0.95)
        ours = 100 * np.array(list(OURS["relu"].values()))
        asked = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
        assert (found.low, found.high) == pytest.approx((asked.low, asked.high), abs=1e-6)


def test_from_what_was_printed_the_interval_ends_where_scipys_test_does():
    cell = cells()[0]
    ours = 100 * np.array(list(OURS["relu"].values()))
    printed = (98.942, 0.0387 * (5 / 4) ** 0.5, 5)
    for level in (0.95, 0.99):
        found = cell.difference_interval(level)
        for end in (found.low, found.high):
            moved = stats.ttest_ind_from_stats(ours.mean() - end, ours.std(ddof=1), 6, *printed, equal_var=False)
            assert moved.pvalue == pytest.approx(1 - level)


def test_fractions_are_compared_as_fractions():
    percent, fraction = (
        cells(Table(f"activation | test_accuracy\nrelu | {figure}", runs=5))[0].difference_interval(0.95)
        for figure in ("98.942 ± 0.0387 %", "0.98942 ± 0.000387")
    )
    assert (percent.low, percent.high) == pytest.approx((100 * fraction.low, 100 * fraction.high))


def test_a_single_printed_run_has_no_such_interval():
    (cell,) = cells(Table("activation | test_accuracy\nrelu | 98.942 %"))
    assert cell.difference_interval(0.95) is None


def test_of_equal_means_any_of_a_table_is_rarely_called_different():
    """At most in 5 % of tables of twelve; intervals that each stand alone miss the truth far more often."""
    stream = np.random.default_rng(0)
    names = ["relu", "tanh", "elu", "selu", "celu", "swish", "mish", "gelu", "sigmoid", "softplus", "relu6", "arelu"]
    tables, called, alone = 400, 0, 0
    for _ in range(tables):
        theirs = stream.normal(98.9, 0.1, (len(names), 5))
        rows = [f"{n} | {x.mean():.6f} ± {x.std():.6f} %" for n, x in zip(names, theirs, strict=True)]
        printed = printed_cells(Article(published=(Table("\n".join(["a | test_accuracy", *rows]), runs=5, ddof=0),)))
        found = []
        for one in printed:
            ours = stream.normal(98.9, 0.1, 6)
            by_seed = dict(enumerate(ours))
            found.append(ReproducedFigure(one, by_seed, by_seed, ours.mean(), ours.std(ddof=1), None))
        compared = compare_means(found)
        called += any(each.differs for each in compared)
        alone += any(each.interval.low > 0 or each.interval.high < 0 for each in compared)
    assert called <= tables * 0.05 + 3 * (tables * 0.05 * 0.95) ** 0.5
    assert alone > 3 * called


# What is shown


def test_each_printed_mean_stands_beside_ours():
    (grid,) = printed_grids(cells())
    text = "\n".join(grid_lines(grid))
    if os.environ.get("ACTBENCH_UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_columns_of_a_table_stand_one_below_the_other():
    table = Table("activation | train_accuracy | test_accuracy\nrelu | 99.9 ± 0.1 % | 98.9 ± 0.1 %", runs=5)
    runs = run_table(OURS).assign(train_accuracy=0.999)
    grids = printed_grids(lay_beside(Article(published=(table,)), runs))
    assert [grid.title for grid in grids] == ["Printed and ours · train %", "Printed and ours · test %"]
    assert all(len(grid.rows) == 1 for grid in grids)
    assert "denominator" not in "".join(grids[0].notes)


# Claims


@pytest.mark.parametrize(
    ("arms", "within", "told", "figures"),
    [
        (
            ["relu"],
            0.001,
            "confirmed",
            "1 of 1 mean shown within 0.10 pp; relu: ours - printed 0.01 (-0.05 … 0.06) pp",
        ),
        (
            ["relu"],
            0.0005,
            "not decided with 6 seeds",
            "0 of 1 mean shown within 0.05 pp; relu: ours - printed 0.01 (-0.05 … 0.06) pp",
        ),
        (
            ["relu", "mish"],
            0.001,
            "refuted",
            "1 of 2 means shown within 0.10 pp, 1 beyond; mish: ours - printed -0.22 (-0.30 … -0.14) pp",
        ),
        (
            ["elu"],
            0.01,
            "too few seeds: 2 of at least 3",
            "0 of 1 mean shown within 1.00 pp; elu: ours - printed 0.00 pp",
        ),
        (
            ["relu", "tanh"],
            0.001,
            "not judged",
            "no finished run of tanh",
        ),
        (
            ["relu", "mish", "tanh"],
            0.001,
            "refuted",
            "1 of 3 means shown within 0.10 pp, 1 beyond; mish: ours - printed -0.22 (-0.30 … -0.14) pp",
        ),
        (
            ["sigmoid"],
            0.01,
            "not decided with 6 seeds",
            "0 of 1 mean shown within 1.00 pp; sigmoid: ours - printed 0.00 pp",
        ),
    ],
)
def test_a_claim_about_means_holds_where_all_are_shown_within(arms, within, told, figures):
    found = verdict(arms, within)
    assert (words.claim_verdict(found), words.claim_figures(found)) == (told, figures)


def test_printed_means_without_any_run_of_ours_are_not_judged():
    found = verdict(["tanh"], 0.01)
    assert found.evidence == NoEvidence(Lacking.CELLS)
    assert words.claim_verdict(found) == "not judged"


def test_means_have_no_digits_to_meet_and_judge_nobodys_seed():
    assert [cell.exact for cell in cells()] == [None] * 7
    assert {cell.printed.seed for cell in cells()} == {None}
