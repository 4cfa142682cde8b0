"""An article's claims: the verdicts of `compare` decide, the article's own seed does not, and what lacks is said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import mostly_slow

from actbench.reports import words
from actbench.reports.sheet.printed import printed_grids
from actbench.results.thresholds import EpochsTo, SecondsTo
from actbench.statistics import Arm, Measure, shown_outside
from actbench.studies.article import Article, Claim, Listing, Table, printed_cells
from actbench.tables.claims import judge_claims
from actbench.tables.comparison import compare_arms
from actbench.tables.evidence import Lacking, NoEvidence
from actbench.tables.metrics import parse_metrics
from actbench.tables.outcomes import Outcome
from actbench.tables.published import ReproducedFigure, Share, count_digits, lay_beside

LISTING = "epoch test_accuracy\n0 0.1"


# What enters


def run_table(arms, *, variant="", seconds=None, start=0, jobs=1, outcomes=None):
    """Measured runs: accuracies by arm and seed, timed one after the other, an hour a seed."""
    rows = []
    for place, (arm, accuracies) in enumerate(arms.items()):
        for seed, accuracy in accuracies.items():
            began = pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(hours=seed, minutes=place + start)
            row = {"variant": variant, "activation": arm, "seed": seed, "status": "ok", "test_accuracy": accuracy}
            row |= {"started_at": began.isoformat(), "wall_seconds": 20.0, "jobs": jobs, "others_cores": np.nan,
                    "sittings": np.nan, "device_name": ""}  # fmt: skip
            row |= {"test_size": 10_000, "train_size": 60_000, "model": variant}
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
    assert words.claim_figures(found).endswith("beside the article's own, which judges nothing")


def test_equal_differences_of_three_seeds_decide_nothing():
    runs = run_table({"relu": series(BASE[:3]), "mish": series(BASE[:3] + 0.01)})
    found = judged(HIGHER, runs)
    assert (found.verdict, found.evidence.interval) == ("too few", None)
    assert words.claim_verdict(found) == "too few seeds: 3 of at least 6"
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


def test_variants_that_ask_the_same_are_one_family():
    arms = {"relu": series(BASE), "mish": series(BASE + np.linspace(0.01, 0.02, 8)), "swish": series(BASE + 0.001)}
    whole = run_table(arms)
    parted = pd.concat(
        [
            run_table({name: arms[name]}, variant=variant).assign(model="")
            for name, variant in (("relu", ""), ("mish", ""), ("swish", "steep"))
        ]
    )
    for claim in (HIGHER, Claim(text="", arm="mish", relation="higher", than="others")):
        assert judged(claim, parted).evidence == judged(claim, whole).evidence
    named = Claim(text="", arm="mish", relation="higher", than=("steep: swish",))
    assert judged(named, parted).evidence.rival == "swish"


# The rule

CLAIMED = {"better": "confirmed", "worse": "refuted", "too few": "too few"}


def by(arm, relation, *than, **more):
    return Claim(text="", arm=arm, relation=relation, than=than, **more)


def some_runs(stream, n, *, dead=0.0):
    """Three arms, two of which may lie away from the first, some runs of which never left chance."""
    shared = stream.normal(0.9, 0.01, n)
    arms = {
        arm: np.where(
            stream.random(n) < dead, 0.1, shared + stream.choice([0, 0.006, -0.006]) + stream.normal(0, 0.005, n)
        )
        for arm in ("swish", "relu", "mish")
    }
    quick = {arm: stream.choice([-0.2, 0, 0.2]) for arm in arms}
    seconds = {(arm, seed): float(np.exp(quick[arm] + stream.normal(0, 0.1))) for arm in arms for seed in range(n)}
    runs = run_table({arm: series(values) for arm, values in arms.items()}, seconds=seconds)
    runs["train_seconds"] = runs["epoch_seconds"]
    epochs = stream.integers(2, 7, len(runs)) + np.round(10 * runs["activation"].map(quick)) + 2
    runs[EpochsTo(0.9)] = np.where(stream.random(len(runs)) < dead, np.nan, epochs)
    return runs.sort_values("seed", kind="stable")


@pytest.mark.parametrize("metric", mostly_slow(["test_accuracy", "train_seconds", "epochs-to:0.9"]))
@pytest.mark.parametrize(("n", "dead"), mostly_slow([(12, 0.3), (5, 0.0), (9, 0.0)]))
def test_claims_and_compare_say_the_same_of_the_same_runs(metric, n, dead):
    """Whichever of two arms a claim is about, and whichever way: the verdict is what `compare` prints of them."""
    stream = np.random.default_rng([n, len(metric)])
    seen = set()
    (asked,) = parse_metrics([metric], ())
    for _ in range(25):
        runs = some_runs(stream, n, dead=dead)
        comparison = compare_arms(runs.assign(arm=runs["activation"]), asked, "relu")
        for row in comparison.rows:
            standing = str(row.verdict.standing)
            better, worse = ("higher", "lower") if asked.higher_is_better else ("lower", "higher")
            claims = [by(row.arm, better, "relu", by=metric), by("relu", worse, row.arm, by=metric)]
            opposite = [by(row.arm, worse, "relu", by=metric), by("relu", better, row.arm, by=metric)]
            turned = {"better": "worse", "worse": "better"}.get(standing, standing)
            for claim in claims:
                found = judged(claim, runs)
                assert found.verdict == CLAIMED.get(standing, "undecided")
                assert found.evidence.test.p_value in {row.verdict.adjusted_p, row.verdict.reliability_p}
                assert len(found.evidence.test.family) == sum(each.verdict.is_tested for each in comparison.rows)
            assert {judged(claim, runs).verdict for claim in opposite} == {CLAIMED.get(turned, "undecided")}
            seen.add(standing)
    assert seen == {"too few"} if n == 5 else seen & {"better", "worse"}


def test_the_claims_about_one_rival_are_one_family():
    """Beside Mish, of which the study claims the same, it takes more to tell that Swish is better than alone."""
    swish = BASE + np.array([0.003, 0.001, 0.002, 0.002, 0.001, -0.0005, 0.002, 0.0015])
    mish = BASE + np.array([0.001, -0.001, 0.002, -0.002, 0.0018, 0.0018, 0.001, -0.001])
    runs = run_table({"relu": series(BASE), "swish": series(swish), "mish": series(mish)})
    alone = judged(by("swish", "higher", "relu"), runs[runs["activation"] != "mish"]).evidence.test
    together = judged(by("swish", "higher", "relu"), runs).evidence.test
    assert (len(alone.family), len(together.family)) == (1, 2)
    assert alone.p_value < together.p_value
    text = words.claim_figures(judged(by("swish", "higher", "relu"), runs))
    assert text.endswith(f"p = {together.p_value:.3f}, two-sided, 2 arms together (max-T)")


def test_an_order_holds_against_every_rival_and_one_refutes_it():
    step = np.linspace(0.01, 0.012, 8)
    near = np.tile([0.0006, -0.0004], 4)
    runs = run_table(
        {"relu": series(BASE), "elu": series(BASE - step), "gelu": series(BASE + step), "mish": series(BASE + near)}
    )
    found = [judged(by("relu", "higher", *than), runs) for than in [("elu",), ("elu", "mish"), ("elu", "mish", "gelu")]]
    assert [one.verdict for one in found] == ["confirmed", "undecided", "refuted"]
    assert [one.evidence.rival for one in found] == ["elu", "mish", "gelu"]
    assert judged(by("relu", "higher", "elu", "tanh"), runs).evidence == NoEvidence(Lacking.ARMS, ("tanh",))
    others = judged(Claim(text="", arm="gelu", relation="higher"), runs)
    # The closest call of those that hold.
    assert (others.verdict, others.evidence.rival, len(others.evidence.test.family)) == ("confirmed", "mish", 3)
    assert others.evidence.difference == pytest.approx(np.mean(step - near))
    assert others.evidence.interval.low < others.evidence.difference < others.evidence.interval.high
    # An arm that the article has, and we have not, is one of the others all the same.
    printed = Table("activation | test_accuracy\ngelu | 98 %\nserf | 97 %")
    missing = judged(Claim(text="", arm="gelu", relation="higher"), runs, tables=[printed])
    assert missing.evidence == NoEvidence(Lacking.ARMS, ("serf",))
    assert words.claim_verdict(missing) == "not judged"


@pytest.mark.parametrize(
    ("offset", "verdict", "text"),
    [
        (0.0, "confirmed", "confirmed where both learn; up to 31 % of starts may fail"),
        (0.006, "confirmed", "confirmed where both learn; up to 31 % of starts may fail"),
        (-0.009, "undecided", "not decided with 10 seeds: they differ, but are not shown to by more than 1 pp"),
        (0.03, "refuted", "refuted"),
        (-0.03, "refuted", "refuted"),
    ],
)
def test_alike_is_confirmed_inside_the_margin_and_refuted_outside(offset, verdict, text):
    relu = 0.9 + np.linspace(-0.01, 0.01, 10)
    runs = run_table({"relu": series(relu), "mish": series(relu + offset + np.tile([0.003, -0.003], 5))})
    for claim in (by("mish", "alike", "relu", margin=0.01), by("relu", "alike", "mish", margin=0.01)):
        found = judged(claim, runs)
        assert (found.verdict, words.claim_verdict(found)) == (verdict, text)


def sample(values):
    return Arm(dict(enumerate(values.tolist())))


@pytest.mark.parametrize("measure", list(Measure))
@pytest.mark.parametrize("arms", mostly_slow([1, 3]))
def test_what_lies_on_the_margin_is_rarely_called_outside(measure, arms):
    """At most 5 % for the family where all lie on one end."""
    stream = np.random.default_rng(arms)
    called = 0
    for _ in range(400):
        baseline, *others = np.exp(stream.normal(0, 0.1, (arms + 1, 8)))
        moved = [sample(values + 0.5 if measure is Measure.MEAN else values * 1.5) for values in others]
        called += any(shown_outside(sample(baseline), moved, measure=measure, margin=0.5))
    assert called <= 400 * 0.05 + 3 * (400 * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize("measure", list(Measure))
def test_what_lies_far_off_is_outside_on_either_side(measure):
    values = 1 + 0.01 * np.arange(8)
    baseline, *far = (sample(values * factor) for factor in (1, 3, 1, 1 / 3))
    assert shown_outside(baseline, far, measure=measure, margin=0.5) == [True, False, True]
    few = [sample(values[:5] * factor) for factor in (3, 1, 1 / 3)]
    assert shown_outside(baseline, few, measure=measure, margin=0.5) == [False] * 3
    with pytest.raises(ValueError, match="must not be negative"):
        shown_outside(baseline, far, measure=measure, margin=-0.1)


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
    assert (found.verdict, words.claim_verdict(found)) == ("confirmed", "confirmed where both learn")
    evidence = found.evidence
    assert (evidence.learned.k, evidence.learned_rival.k, evidence.test.verdict.n_learned) == (6, 10, 6)
    assert evidence.difference == pytest.approx(-0.0972, abs=1e-4)
    assert evidence.test.p_value == pytest.approx(2**-5)
    assert words.claim_figures(found) == (
        "hardshrink - relu: learned in 6 of 10, relu in 10 of 10; lower in every seed; "
        "-9.72 (-9.94 … -9.50) pp where both learned; p = 0.031, two-sided"
    )


def test_arms_that_all_learned_are_judged_by_all_seeds():
    found = judged(LOWER, two_peaks(0))
    assert (found.verdict, found.evidence.learned, words.claim_verdict(found)) == ("confirmed", None, "confirmed")
    assert found.evidence.test.p_value == pytest.approx(2**-9)


def test_an_arm_that_fails_often_and_is_alike_where_it_learned_is_less_reliable():
    relu = 0.675 + np.linspace(-0.004, 0.004, 14)
    arm = np.where(np.arange(14) < 8, 0.1, relu + np.tile([0.001, -0.001], 7))
    runs = run_table({"relu": series(relu), "hardshrink": series(arm)})
    found = judged(LOWER, runs)
    assert words.claim_verdict(found) == "confirmed: in how often they learn"
    assert words.claim_figures(found).endswith("p = 0.008 of how often they learned, two-sided")
    assert found.evidence.learned.k == 6
    assert abs(found.evidence.difference) < 0.001
    alike = by("hardshrink", "alike", "relu", margin=0.01)
    assert words.claim_verdict(judged(alike, runs)) == "refuted: in how often they learn"


def test_a_run_that_did_not_learn_counts_as_a_high_loss():
    runs = two_peaks(8, n=14)
    runs["test_loss"] = 1 - runs["test_accuracy"]
    # Where it learned, its loss is the lower one: more often at chance, and better elsewhere, is neither.
    better = (runs["activation"] == "hardshrink") & (runs["outcome"] == Outcome.LEARNED)
    runs.loc[better, "test_loss"] -= 0.2
    loss = Claim(text="", arm="hardshrink", relation="higher", than=("relu",), by="test_loss")
    found = judged(loss, runs)
    assert (found.verdict, found.evidence.difference < 0) == ("undecided", True)
    runs.loc[better, "test_loss"] += 0.2
    assert judged(loss, runs).verdict == "confirmed"


def test_alike_where_both_learned_is_not_alike_where_one_did_not_as_often():
    relu = 0.675 + np.linspace(-0.004, 0.004, 12)
    arm = np.where(np.arange(12) < 3, 0.1, relu)
    runs = run_table({"relu": series(relu), "hardshrink": series(arm)})
    assert judged(by("hardshrink", "alike", "relu", margin=0.01), runs).verdict == "undecided"


@pytest.mark.parametrize("left", ["hardshrink", "relu"])
def test_an_arm_that_never_learned_is_judged_by_how_often_it_did(left):
    """One fact and one verdict, whichever of the two arms stands left of "is"."""
    ways = {"hardshrink": "lower", "relu": "higher"}
    right = next(arm for arm in ways if arm != left)
    found = judged(by(left, ways[left], right), two_peaks(10))
    assert words.claim_verdict(found) == "confirmed: in how often they learn"
    told = words.claim_figures(found)
    assert "hardshrink in none of 10" in told or "hardshrink - relu: learned in none of 10" in told
    assert told.endswith("p = 0.002 of how often they learned, two-sided")


def test_where_no_run_learned_nothing_is_judged():
    runs = run_table({arm: dict.fromkeys(range(10), 0.1) for arm in ("relu", "hardshrink")})
    found = judged(LOWER, runs)
    assert found.evidence == NoEvidence(Lacking.LEARNING, ("hardshrink", "relu"))
    assert words.claim_verdict(found) == "not judged"
    assert words.claim_figures(found) == "no run of hardshrink, relu learned, or got that far"


def test_less_often_and_more_accurate_is_neither():
    runs = two_peaks(8, n=14)
    runs.loc[(runs["activation"] == "hardshrink") & (runs["test_accuracy"] > 0.2), "test_accuracy"] += 0.2
    for relation in ("higher", "lower"):
        found = judged(by("hardshrink", relation, "relu"), runs)
        assert words.claim_verdict(found) == (
            "not decided with 14 seeds: hardshrink learns less often, but better where both do"
        )


def test_too_few_counts_the_pairs_in_which_both_learned():
    runs = two_peaks(5, n=10)
    relu = (runs["activation"] == "relu") & (runs["seed"] == 9)
    runs.loc[relu, "outcome"] = Outcome.NEVER_LEARNED
    assert words.claim_verdict(judged(LOWER, runs)) == "too few seeds where both learned: 4 of at least 6"


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


def test_a_threshold_that_was_missed_is_reached_last():
    runs = timed([1.2] * 8).assign(train_seconds=1.0)
    slow = runs["activation"] == "mish"
    runs[SecondsTo(0.9)] = np.where(slow, 1.0 + 0.1 * runs["seed"], 1.0)
    runs.loc[slow & (runs["seed"] == 3), SecondsTo(0.9)] = np.nan
    found = judged(by("mish", "higher", "relu", by="seconds-to:0.9"), runs)
    assert (found.verdict, found.evidence.reached) == ("confirmed", Share(7, 8))
    assert words.claim_figures(found) == (
        "mish got there in 7 of 8 runs, relu in 8 of 8; sooner in 0, later in 7, tied in 1 seeds; p = 0.016, two-sided"
    )
    assert judged(by("relu", "lower", "mish", by="seconds-to:0.9"), runs).evidence.slower == 0


def test_where_no_pair_was_timed_together_nothing_is_judged():
    runs = timed([1.2] * 8)
    runs.loc[runs["activation"] == "mish", "jobs"] = 2
    found = judged(SLOWER, runs)
    assert found.evidence == NoEvidence(Lacking.PAIRS, ("relu", "mish"))
    assert words.claim_figures(found) == "no runs of relu, mish that were timed together"


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
    assert (found.verdict, found.seeds, found.evidence.test.verdict.n) == (verdict, len(accuracies), len(accuracies))
    assert found.evidence.difference == pytest.approx(abs(np.mean(accuracies) - 0.98))
    assert (found.evidence.interval is None) == (len(accuracies) < 3)
    if found.evidence.interval:
        assert found.evidence.interval.low < np.mean(accuracies) - 0.98 < found.evidence.interval.high


@pytest.mark.parametrize(("accuracy", "verdict"), [(0.971, "met"), (0.969, "not met")])
def test_the_articles_own_run_is_a_fact_and_no_sample(accuracy, verdict):
    (found,) = judge_claims(Article(claims=(WITHIN,)), [figures([accuracy], seed=0)], [], run_table({"mish": {0: 0.9}}))
    assert (found.verdict, found.evidence.test) == (verdict, None)


BOTH = {"cells": (": mish", ": relu")}


@pytest.mark.parametrize(
    ("claim", "mish", "verdict"),
    [
        ({"within": 0.01}, 0.975, "not judged"),  # relu may lie anywhere
        ({"within": 0.01}, 0.960, "not met"),
        ({}, 0.98, "not judged"),
        ({}, 0.97, "not met"),
        ({"at_least": 1}, 0.98, "reproduced to the digit"),
        ({"at_least": 1}, 0.97, "not judged"),
        ({"at_least": 2}, 0.97, "not met"),
    ],
)
def test_a_claim_about_all_cells_waits_for_those_without_a_run_unless_it_is_settled(claim, mish, verdict):
    table = Table("activation | test_accuracy\nmish | 98.00 %\nrelu | 97.00 %", seed=0)
    runs = run_table({"mish": {0: mish}})
    article = Article(published=(table,), claims=(Claim(text="As printed.", **BOTH, **claim),))
    (found,) = judge_claims(article, lay_beside(article, runs), [], runs)
    assert words.claim_verdict(found) == verdict
    assert (found.evidence == NoEvidence(Lacking.ARMS, ("relu",))) == (verdict == "not judged")


def test_over_the_seeds_one_arm_refutes_and_one_that_lacks_leaves_open():
    table = Table("activation | test_accuracy\nmish | 98.00 %\nrelu | 97.00 %")
    claim = Claim(text="Within a point.", **BOTH, within=0.01)
    article = Article(published=(table,), claims=(claim,))
    steps = np.linspace(-0.004, 0.004, 6)
    for mean, verdict in ((0.98, "not judged"), (0.96, "refuted")):
        runs = run_table({"mish": series(mean + steps)})
        (found,) = judge_claims(article, lay_beside(article, runs), [], runs)
        assert words.claim_verdict(found) == verdict


@pytest.mark.parametrize(
    ("accuracies", "told"),
    [([], "ours; no run of it is stored"), ([0.98], "the mean of 1 run)"), ([0.98, 0.97], "the mean of 2 runs)")],
)
def test_a_printed_table_says_how_many_runs_stand_beside_it(accuracies, told):
    cell = replace(figures(accuracies or [0.98]), by_seed=dict(enumerate(accuracies)))
    ((note,),) = (grid.notes for grid in printed_grids([cell]))
    assert told in note


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
