"""An article's claims: exact tests decide, the article's own seed does not, and what is missing is said."""

import itertools

import numpy as np
import pandas as pd
import pytest

from actbench import statistics
from actbench.reports import words
from actbench.reports.sheet.printed import printed_grids
from actbench.results.thresholds import SecondsTo
from actbench.statistics import decide_alike, decide_order
from actbench.studies.article import Article, Claim, Listing, Table, printed_cells
from actbench.tables.claims import judge_claims
from actbench.tables.evidence import Lacking, NoEvidence
from actbench.tables.outcomes import Outcome
from actbench.tables.published import ReproducedFigure, count_digits, lay_beside

LISTING = "epoch test_accuracy\n0 0.1"


# The rule


def p_greater(differences):
    """The one-sided sign-flip test as one writes it down: every pattern, one after the other."""
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))
    return (signs @ differences >= np.sum(differences) - 1e-12).mean()


def test_an_order_is_confirmed_against_the_closest_rival_and_refuted_by_the_clearest():
    stream = np.random.default_rng(0)
    near, far = 0.5 + stream.normal(0, 0.4, 10), 1 + stream.normal(0, 0.1, 10)
    decided = decide_order([[far], [near]], higher=True)
    assert (decided.decision, decided.rival, decided.n, decided.least) == ("confirmed", 1, 10, 6)
    assert decided.p_value == pytest.approx(p_greater(near))
    refuted = decide_order([[near], [far]], higher=False)
    assert (refuted.decision, refuted.rival) == ("refuted", 1)
    assert refuted.p_against == pytest.approx(2**-10)


def test_one_equal_rival_leaves_an_order_undecided():
    equal = np.tile([0.1, -0.1], 5)
    decided = decide_order([[np.full(10, 5.0)], [equal]], higher=True)
    assert (decided.decision, decided.rival) == ("undecided", 1)


@pytest.mark.parametrize("by_ranks", [False, True])
def test_with_one_rival_a_claim_is_judged_as_compare_judges(by_ranks):
    stream = np.random.default_rng(1)
    measure = statistics.Measure.RATIO if by_ranks else statistics.Measure.MEAN
    seen = set()
    for _ in range(60):
        logs = stream.normal(0.5 * stream.integers(-1, 2), 0.5, 9)
        arm = np.exp(logs) if by_ranks else 1 + logs
        values = [statistics.Arm(dict(enumerate(sample.tolist()))) for sample in (np.ones(9), arm)]
        judged = statistics.judge_family(values[0], values[1:], measure=measure, margin=0.0, higher_is_better=True)
        standing = str(judged[0].verdict.standing)
        decision = decide_order([[logs]], higher=True, by_ranks=by_ranks).decision
        assert decision == {"better": "confirmed", "worse": "refuted", "undecided": "undecided"}[standing]
        seen.add(standing)
    assert seen == {"better", "worse", "undecided"}


@pytest.mark.parametrize("n", range(1, 8))
def test_five_seeds_never_decide_and_six_may(n):
    differences = np.full(n, 0.01)  # all alike: an interval of no width
    order = decide_order([[differences]], higher=True)
    alike = decide_alike([differences], margin=0.5)
    assert order.decision == alike.decision == ("too few" if n < 6 else "confirmed")
    assert decide_order([[differences]], higher=False).decision == ("too few" if n < 6 else "refuted")
    assert (order.n, order.least) == (n, 6)


@pytest.mark.parametrize(
    ("offset", "decision"),
    [(0.0, "confirmed"), (0.9, "undecided"), (-1.0, "undecided"), (3.0, "refuted"), (-3.0, "refuted")],
)
def test_alike_is_confirmed_inside_the_margin_and_refuted_outside(offset, decision):
    assert decide_alike([offset + np.tile([0.3, -0.3], 5)], margin=1.0).decision == decision


def test_arms_that_learn_unequally_often_are_not_alike():
    equal, reliability = np.zeros(12), np.repeat([-1.0, 0.0], [3, 9])
    differences = np.where(reliability == 0, equal, np.nan)
    assert decide_alike([equal], margin=0.1).decision == "confirmed"
    assert decide_alike([differences], margin=0.1, reliability=[reliability]).decision == "undecided"
    reliability = np.repeat([-1.0, 0.0], [7, 5])
    differences = np.where(reliability == 0, equal, np.nan)
    assert decide_alike([differences], margin=0.1, reliability=[reliability]).decision == "refuted"


def test_more_reliable_and_less_accurate_is_neither_higher_nor_lower():
    reliability = np.repeat([1.0, 0.0], [7, 7])
    accuracy = np.repeat([np.nan, -0.1], [7, 7])
    for higher in (True, False):
        assert decide_order([[accuracy, reliability]], higher=higher).decision == "undecided"
        assert decide_order([[accuracy]], higher=higher).decision == ("refuted" if higher else "confirmed")


def test_an_arm_that_learns_less_often_is_not_confirmed_by_the_accuracy_of_the_rest():
    accuracy, reliability = np.repeat([0.1, np.nan], [7, 3]), np.repeat([0.0, -1.0], [7, 3])
    decided = decide_order([[np.full(10, 1.0)], [accuracy, reliability]], higher=True)
    assert (decided.decision, decided.rival) == ("undecided", 1)
    assert decided.p_value == pytest.approx(2**-7)
    assert decide_order([[accuracy, -reliability]], higher=True).decision == "confirmed"


def test_a_claim_on_alike_needs_a_margin():
    with pytest.raises(ValueError, match="needs a margin above 0, not -0.1"):
        decide_alike([np.zeros(6)], margin=-0.1)
    with pytest.raises(ValueError, match="at least one rival"):
        decide_order([], higher=True)


def coarse(stream, shape):
    return stream.integers(-2, 3, size=shape) / 1000


@pytest.mark.parametrize("draw", [lambda stream, shape: stream.normal(size=shape), coarse], ids=["normal", "coarse"])
@pytest.mark.parametrize("rivals", [1, 4])
@pytest.mark.parametrize("seeds", [3, 6, 10])
def test_equal_arms_are_rarely_ranked(draw, rivals, seeds):
    stream = np.random.default_rng([seeds, rivals])
    decisions = []
    for _ in range(400):
        arm, *others = draw(stream, (rivals + 1, seeds))
        decisions.append(decide_order([[arm - other] for other in others], higher=True).decision)
    # Of 400 at most 2.5 % each, and what chance adds to that (three standard deviations).
    limit = 400 * 0.025 + 3 * (400 * 0.025 * 0.975) ** 0.5
    assert decisions.count("confirmed") <= limit
    assert decisions.count("refuted") <= limit
    assert decisions.count("too few") == (400 if seeds < 6 else 0)


@pytest.mark.parametrize("seeds", [6, 10])
def test_what_lies_on_the_margin_is_rarely_called_alike(seeds):
    stream = np.random.default_rng(seeds)
    decisions = [decide_alike([0.5 + stream.normal(0, 0.1, seeds)], margin=0.5).decision for _ in range(400)]
    limit = 400 * 0.025 + 3 * (400 * 0.025 * 0.975) ** 0.5
    assert decisions.count("confirmed") <= limit
    assert decisions.count("refuted") <= limit


# What enters


def run_table(arms, *, variant="", seconds=None, start=0, jobs=1, outcomes=None):
    """Measured runs: accuracies by arm and seed, timed one after the other, an hour a seed."""
    rows = []
    for place, (arm, accuracies) in enumerate(arms.items()):
        for seed, accuracy in accuracies.items():
            began = pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(hours=seed, minutes=place + start)
            row = {"variant": variant, "activation": arm, "seed": seed, "status": "ok", "test_accuracy": accuracy}
            row |= {"started_at": began.isoformat(), "wall_seconds": 20.0, "jobs": jobs, "others_cores": np.nan}
            row |= {"epoch_seconds": (seconds or {}).get((arm, seed), 1.0)}
            learned = Outcome.LEARNED if accuracy > 0.2 else Outcome.NEVER_LEARNED
            rows.append(row | {"outcome": (outcomes or {}).get((arm, seed), learned)})
    return pd.DataFrame(rows)


def series(values, first=0):
    return {first + number: value for number, value in enumerate(values)}


def judged(claim, runs, *, own=(), tables=()):
    listings = tuple(Listing("relu", seed, LISTING) for seed in own)
    article = Article(curves=listings, published=tuple(tables), claims=(claim,))
    (found,) = judge_claims(article, [], [], runs)
    return found


HIGHER = Claim(text="Mish is better.", arm="mish", relation="higher", than=("relu",))
BASE = np.array([0.95, 0.951, 0.949, 0.952, 0.95, 0.953, 0.948, 0.951])


def test_the_articles_own_seed_is_shown_and_never_judges():
    relu = series(BASE, first=10)
    mish = {seed: value + (0.04 if seed == 10 else 0.002) for seed, value in relu.items()}
    runs = run_table({"relu": relu, "mish": mish})
    with_all, without = judged(HIGHER, runs), judged(HIGHER, runs, own=(10,))
    assert with_all.evidence.difference == pytest.approx((0.04 + 7 * 0.002) / 8)
    assert without.evidence.difference == pytest.approx(0.002)
    assert (with_all.seeds, without.seeds) == (8, 7)
    assert (with_all.evidence.own_seeds, without.evidence.own_seeds) == ((), (10,))
    assert without.verdict == "confirmed"
    assert words.claim_figures(without).endswith("; seed 10 is the article's own: shown, not counted")
    # Whatever came of it: nothing changes.
    spoilt = run_table({"relu": relu, "mish": mish | {10: 0.0}})
    assert judged(HIGHER, spoilt, own=(10,)) == without


def test_the_seed_of_a_printed_table_is_the_articles_own_too():
    table = Table("activation | test_accuracy\nmish | 98 %", seed=12)
    runs = run_table({"relu": series(BASE, 10), "mish": series(BASE + 0.001, 10)})
    assert judged(HIGHER, runs, tables=[table]).evidence.own_seeds == (12,)


def test_where_only_the_articles_own_seed_was_trained_nothing_is_judged():
    found = judged(HIGHER, run_table({"relu": {10: 0.9}, "mish": {10: 0.95}}), own=(10,))
    assert found.evidence == NoEvidence(Lacking.SEEDS, ("mish", "relu"))
    assert words.claim_verdict(found) == "not judged"
    assert "but for the article's own, which judges nothing" in words.claim_figures(found)


def test_equal_differences_of_three_seeds_decide_nothing():
    runs = run_table({"relu": series(BASE[:3]), "mish": series(BASE[:3] + 0.01)})
    found = judged(HIGHER, runs)
    assert (found.verdict, found.evidence.interval) == ("too few", None)
    assert words.claim_verdict(found) == "too few seeds: 3, at least 6 decide"
    assert words.claim_figures(found) == "mish - relu: +1.00 pp"


def test_a_rival_may_be_in_another_variant_and_lack_some_seeds():
    here = run_table({"relu": series(BASE), "mish": series(BASE + np.linspace(0.01, 0.02, 8))})
    there = run_table({"relu": series(BASE[1:] + 0.1, first=1)}, variant="wide")
    claim = Claim(text="", arm="mish", relation="higher", than=("wide: relu",))
    found = judged(claim, pd.concat([here, there]))
    assert (found.verdict, found.seeds, found.evidence.rival) == ("refuted", 7, "wide: relu")
    both = Claim(text="", arm="mish", relation="higher", than=("relu", "wide: relu"))
    assert judged(both, pd.concat([here, there])).evidence.rival == "wide: relu"
    assert judged(HIGHER, pd.concat([here, there])).verdict == "confirmed"
    absent = judged(Claim(text="", arm="mish", relation="higher", than=("deep: relu",)), here)
    assert absent.evidence == NoEvidence(Lacking.ARMS, ("deep: relu",))


# Runs that never learn


def two_peaks(dead, n=10):
    """Hardshrink on CIFAR-10: some runs never leave chance, the others end ten points below ReLU."""
    relu = 0.675 + np.linspace(-0.004, 0.004, n)
    hardshrink = relu - 0.1 + np.linspace(-0.003, 0.005, n)
    hardshrink[:dead] = 0.1
    return run_table({"relu": series(relu), "hardshrink": series(hardshrink)})


LOWER = Claim(text="Hardshrink is less accurate.", arm="hardshrink", relation="lower", than=("relu",))


def test_reliability_and_accuracy_where_learned_are_judged_apart():
    found = judged(LOWER, two_peaks(4))
    assert found.verdict == "confirmed"
    evidence = found.evidence
    assert (evidence.learning.arm, evidence.learning.rival, evidence.learning.both) == (6, 10, 6)
    assert evidence.learning.difference == pytest.approx(-0.0972, abs=1e-4)
    assert evidence.interval is None
    assert evidence.test.p_value == pytest.approx(2**-6)
    assert words.claim_figures(found) == (
        "hardshrink - relu: learned in 6 of 10, relu in 10 of 10; lower in every seed; "
        "-9.72 (-9.94 … -9.50) pp where both learned; p = 0.016"
    )


def test_arms_that_all_learned_are_judged_by_all_seeds():
    found = judged(LOWER, two_peaks(0))
    assert (found.verdict, found.evidence.learning) == ("confirmed", None)
    assert found.evidence.test.p_value == pytest.approx(2**-10)


def test_an_arm_that_fails_often_and_is_alike_where_it_learned_is_less_reliable():
    relu = 0.675 + np.linspace(-0.004, 0.004, 14)
    arm = np.where(np.arange(14) < 8, 0.1, relu + np.tile([0.001, -0.001], 7))
    runs = run_table({"relu": series(relu), "hardshrink": series(arm)})
    found = judged(LOWER, runs)
    assert (found.verdict, found.evidence.learning.arm) == ("confirmed", 6)
    assert abs(found.evidence.learning.difference) < 0.001
    alike = Claim(text="", arm="hardshrink", relation="alike", than=("relu",), margin=0.01)
    assert judged(alike, runs).verdict == "refuted"


def test_a_run_that_did_not_learn_counts_as_a_high_loss():
    runs = two_peaks(8, n=14)
    runs["test_loss"] = 1 - runs["test_accuracy"]
    # Where it learned, its loss is the lower one: more often at chance, and better elsewhere, is neither.
    better = (runs["activation"] == "hardshrink") & (runs["outcome"] == Outcome.LEARNED)
    runs.loc[better, "test_loss"] -= 0.2
    loss = Claim(text="", arm="hardshrink", relation="higher", than=("relu",), by="test_loss")
    found = judged(loss, runs)
    assert (found.verdict, found.evidence.learning.difference < 0) == ("undecided", True)
    runs.loc[better, "test_loss"] += 0.2
    assert judged(loss, runs).verdict == "confirmed"


@pytest.mark.parametrize("seeds", [6, 10])
def test_arms_that_fail_equally_often_are_rarely_ranked(seeds):
    stream = np.random.default_rng([seeds, 5])
    decisions = []
    for _ in range(400):
        learned = stream.random((2, seeds)) < 0.7
        accuracy = np.where(learned, stream.normal(0.6, 0.02, (2, seeds)), 0.1)
        both = np.where(learned.all(axis=0), accuracy[0] - accuracy[1], np.nan)
        respects = [both, learned[0].astype(float) - learned[1]]
        decisions.append(decide_order([respects], higher=True).decision)
    limit = 400 * 0.025 + 3 * (400 * 0.025 * 0.975) ** 0.5
    assert decisions.count("confirmed") <= limit
    assert decisions.count("refuted") <= limit


def test_a_claim_on_an_arm_that_never_learned_is_one_clear_sentence():
    found = judged(LOWER, two_peaks(10))
    assert found.evidence == NoEvidence(Lacking.LEARNING, ("hardshrink",))
    assert words.claim_verdict(found) == "not judged"
    assert words.claim_figures(found) == (
        "hardshrink learned in none of its runs, so there is no figure of it to compare"
    )


# Clocks


SLOWER = Claim(text="Mish takes longer.", arm="mish", relation="higher", than=("relu",), by="epoch_seconds")


def timed(ratios, **options):
    seconds = {("mish", seed): ratio for seed, ratio in enumerate(ratios)}
    accuracies = {arm: dict.fromkeys(range(len(ratios)), 0.9) for arm in ("relu", "mish")}
    return run_table(accuracies, seconds=seconds, **options)


def test_pairs_that_were_not_timed_together_are_left_out_and_counted():
    ratios = [0.75, 1.008, 0.999, 0.975, 1.016, 1.029, 0.995, 0.992, 0.983, 1.041]
    runs = timed(ratios)
    first = (runs["activation"] == "mish") & (runs["seed"] == 0)
    runs.loc[first, "started_at"] = pd.Timestamp("2026-01-01T01:15", tz="UTC").isoformat()
    found = judged(SLOWER, runs)
    assert (found.seeds, found.evidence.apart) == (9, 1)
    assert found.evidence.ratio == pytest.approx(1.003, abs=0.001)
    assert words.claim_figures(found).startswith("mish / relu: measured ratio 1.003 (0.98")
    assert "; 1 pair left out, not timed together; how busy the machine was is not known" in words.claim_figures(found)


def test_one_wild_pair_hardly_moves_a_ratio():
    steady = judged(SLOWER, timed([1.2 + 0.01 * number for number in range(10)]))
    wild = judged(SLOWER, timed([1.2 + 0.01 * number for number in range(9)] + [40.0]))
    assert steady.verdict == wild.verdict == "confirmed"
    assert wild.evidence.ratio == pytest.approx(steady.evidence.ratio, rel=0.01)


def test_runs_that_never_learned_are_timed_like_any_others():
    runs = timed([1.2 + 0.01 * number for number in range(8)])
    assert judged(SLOWER, runs.assign(outcome=Outcome.NEVER_LEARNED)).verdict == "confirmed"


def test_what_is_known_of_the_machine_is_said():
    runs = timed([1.2 + 0.01 * number for number in range(8)], jobs=2).assign(others_cores=0.25)
    runs.loc[0, "others_cores"] = 0.6
    found = judged(SLOWER, runs)
    assert (found.evidence.jobs, found.evidence.others_cores, found.evidence.apart) == (2, 0.6, 0)
    assert "; up to 2 runs at a time; other programs kept up to 0.6 cores busy" in words.claim_figures(found)


def test_a_pair_of_which_one_run_had_company_and_the_other_none_is_left_out():
    runs = timed([1.2 + 0.01 * number for number in range(7)] + [0.1], jobs=2).assign(others_cores=0.2)
    runs.loc[(runs["activation"] == "relu") & (runs["seed"] == 7), "others_cores"] = 1.1
    found = judged(SLOWER, runs)
    assert (found.verdict, found.seeds, found.evidence.apart) == ("confirmed", 7, 1)


def test_a_threshold_that_was_missed_has_no_ratio():
    runs = timed([1.2] * 8).assign(train_seconds=1.0)
    runs[SecondsTo(0.9)] = np.where(runs["seed"] == 3, np.nan, 1.0)
    claim = Claim(text="", arm="mish", relation="higher", than=("relu",), by="seconds-to:0.9")
    assert judged(claim, runs).evidence == NoEvidence(Lacking.FIGURES)


def test_where_no_pair_was_timed_together_nothing_is_judged():
    runs = timed([1.2] * 8)
    runs.loc[runs["activation"] == "mish", "jobs"] = 2
    found = judged(SLOWER, runs)
    assert found.evidence == NoEvidence(Lacking.PAIRS, ("mish", "relu"))
    assert words.claim_figures(found) == "no runs of mish, relu that were timed together"


# Printed figures


def figures(accuracies, *, seed=None, printed="98.00 %"):
    table = Table(f"activation | test_accuracy\nmish | {printed}", seed=seed)
    article = Article(published=(table,))
    (cell,) = printed_cells(article)
    by_seed = {number: 100 * value for number, value in enumerate(accuracies)}
    return ReproducedFigure(cell, by_seed, by_seed, 100 * float(np.mean(accuracies)), None, None)


WITHIN = Claim(text="Within a point.", cells=(": mish",), within=0.01)


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        ([0.98, 0.98], "too few"),
        (0.98 + np.linspace(-0.004, 0.004, 6), "confirmed"),
        (0.972 + np.linspace(-0.01, 0.01, 8), "undecided"),
        (0.96 + np.linspace(-0.004, 0.004, 6), "refuted"),
    ],
)
def test_a_figure_is_within_a_distance_by_a_test_over_the_seeds(accuracies, verdict):
    (found,) = judge_claims(Article(claims=(WITHIN,)), [figures(accuracies)], [], run_table({"mish": {0: 0.9}}))
    assert (found.verdict, found.seeds, found.evidence.test.n) == (verdict, len(accuracies), len(accuracies))
    assert found.evidence.difference == pytest.approx(abs(np.mean(accuracies) - 0.98))
    assert (found.evidence.interval is None) == (verdict == "too few")
    if found.evidence.interval:
        assert found.evidence.interval.low < np.mean(accuracies) - 0.98 < found.evidence.interval.high


@pytest.mark.parametrize(("accuracy", "verdict"), [(0.971, "confirmed"), (0.969, "refuted")])
def test_the_articles_own_run_is_a_fact_and_no_sample(accuracy, verdict):
    (found,) = judge_claims(Article(claims=(WITHIN,)), [figures([accuracy], seed=0)], [], run_table({"mish": {0: 0.9}}))
    assert (found.verdict, found.evidence.test) == (verdict, None)


def test_what_runs_that_learned_came_to_stands_beside_all():
    table = Table("activation | test_accuracy\nhardshrink | 58.65 %")
    (cell,) = lay_beside(Article(published=(table,)), two_peaks(4))
    assert cell.where_learned == pytest.approx(57.99, abs=0.05)
    ((_, shown),) = printed_grids([cell])[0].rows
    assert (
        shown.text == f"58.65 / {cell.ours:.3f} ± {cell.sd:.3f} ({cell.where_learned:.3f} in the 6 of 10 that learned)"
    )
    (cell,) = lay_beside(Article(published=(table,)), two_peaks(0))
    assert cell.where_learned is None


def test_a_row_that_is_printed_twice_is_counted_once():
    row = "activation | train_accuracy | test_accuracy | epochs_to_95\nmish | 100 % | 98.00 % | 3"
    cells = printed_cells(Article(published=(Table(row, seed=1), Table(row, seed=1, place="again"))))
    met = {"train_accuracy": True, "test_accuracy": False}
    found = count_digits(
        ReproducedFigure(cell, {1: 1.0}, {1: 1.0}, 1.0, None, met.get(str(cell.column), True)) for cell in cells
    )
    assert (found.all.count, found.all.of) == (4, 6)
    assert (found.distinct.count, found.distinct.of) == (2, 3)
    assert (found.accuracies.count, found.accuracies.of) == (0, 1)
