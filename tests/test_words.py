"""Sentences are made of values, word for word; and percent is made in one place."""

import ast
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import actbench
from actbench.reports import words
from actbench.results.column import Column, Role
from actbench.results.columns import BY_NAME
from actbench.statistics import Comparison, Interval, Learned, Measure, Pairing, SeedRange, Standing, Verdict
from actbench.studies.article import Claim
from actbench.tables.across import AcrossObstacle, NotAcross
from actbench.tables.clocks import ClockPairs
from actbench.tables.comparison import Margin
from actbench.tables.evidence import (
    ArmDifference,
    ArmRatio,
    ArmTimes,
    ClaimVerdict,
    CurveDifference,
    DigitsMet,
    Examined,
    JudgedClaim,
    Lacking,
    LargestDifference,
    NoEvidence,
)
from actbench.tables.findings import NotCompared, Obstacle
from actbench.tables.metrics import PLAIN, parse_metrics
from actbench.tables.published import Share
from actbench.tables.warnings import (
    KeptApart,
    MissingResults,
    MixedJobs,
    MixedMachines,
    MixedVersions,
    ParallelRuns,
    RepeatedSeeds,
    SeenInTraining,
    SeveralCopies,
)

ROOT = Path(actbench.__file__).parent
ACCURACY, LOSS, SECONDS = PLAIN["test_accuracy"], PLAIN["test_loss"], PLAIN["train_seconds"]

INTERVAL = Interval(-0.01, 0.02, 0.95)
SURE = Verdict(
    standing=Standing.BETTER,
    by_values=Standing.BETTER,
    reliability=None,
    adjusted_p=0.0117,
    reliability_p=None,
    margin=0.005,
    negligible=False,
    learned_alike=True,
    n=9,
    n_learned=9,
    least=6,
    seeds=None,
    failures_not_excluded=0.34,
)
PAIRED = Pairing(9, 9, tuple(range(9)), (), (), paired=True)
UNPAIRED = replace(PAIRED, paired=False)
TESTED = Examined(SURE, "b", (PAIRED,), Margin(0.005))
FEW = replace(
    TESTED, verdict=replace(SURE, standing=Standing.TOO_FEW, by_values=Standing.TOO_FEW, adjusted_p=None, n=3)
)
OFTEN = replace(SURE, by_values=Standing.TOO_FEW, reliability=Standing.BETTER, adjusted_p=None, reliability_p=0.0001)


def counted(k, n=9):
    return Learned(k, n, Interval(0, 1, 0.95))


@pytest.mark.parametrize(
    ("warning", "text"),
    [
        (
            MixedJobs(((1, ("relu",)), (4, ("mish", "elu")))),
            (
                "mean seconds are not comparable: some runs were measured with others beside them "
                "(alone: relu; 4 at a time: mish, elu). Verdicts on seconds go by pairs that were timed together. "
                "On a CPU, accuracies of convolutional networks may differ by it too, unless --deterministic."
            ),
        ),
        (
            SeenInTraining(2000, 10_000),
            (
                "2,000 of the 10,000 test inputs (20.0 %) are training inputs, too: on those the test shows what was "
                "remembered."
            ),
        ),
        (ParallelRuns(2), "seconds were measured with 2 runs at a time, not alone on the machine."),
        (
            MixedMachines("device_name", (("", ("relu",)), ("H200", ("mish",)))),
            (
                "mean seconds are not comparable: the device differs (unknown: relu; H200: mish). Verdicts on seconds "
                "go by pairs that were timed together."
            ),
        ),
        (
            MixedVersions((("keras_version", ("3.15.1", "")), ("provider_version", ("1", "2")))),
            "versions are mixed: Keras (3.15.1, unknown), provider versions (1, 2).",
        ),
        (MissingResults("elu", (4,), ("oom",), ""), "elu has no result for seed 4 (oom)."),
        (
            MissingResults("elu", (4, 5), ("failed", "oom"), "what with " * 30),
            f"elu has no result for seeds 4, 5 (failed, oom: {'what with ' * 19}what …).",
        ),
        (
            SeveralCopies(40, ("a", "b")),
            "40 run(s) were found more than once; their figures are those of 'a', 'b', which came first.",
        ),
        (
            RepeatedSeeds(2, ("f",)),
            (
                "2 run(s) of f repeat a seed under equal settings; only the newest of each is shown. "
                "Was code of your own edited in between? Use a store for each version."
            ),
        ),
        (
            KeptApart(("mnist", "cnn"), (("dataset_sha256", ("0" * 64, "f" * 64)), ("limit", (math.nan, 500.0)))),
            (
                "mnist · cnn: runs that differ in data hash (000000000000, ffffffffffff), limit (none, 500) are not "
                "comparable and are shown apart."
            ),
        ),
    ],
)
def test_warnings(warning, text):
    assert words.warning(warning) == text


@pytest.mark.parametrize(
    ("evidence", "text"),
    [
        (NoEvidence(Lacking.CELLS), "none of these cells has a run yet"),
        (NoEvidence(Lacking.CURVE), "that run is not there yet"),
        (NoEvidence(Lacking.ARMS, ("relu", "elu")), "no finished run of relu, elu"),
        (NoEvidence(Lacking.ARMS), "no finished run of any other arm"),
        (DigitsMet(3, 4, 3, 4, 0, 0, 4), "3 of 4 cells to the digit"),
        (
            DigitsMet(72, 90, 66, 84, 14, 28, 70),
            "72 of 90 cells to the digit; 66 of 84 distinct; 14 of 28 last and best test accuracies",
        ),
        (LargestDifference(0.00301, 0.01, 1, "mish"), "difference 0.30 pp (mish)"),
        (
            LargestDifference(0.00301, 0.01, 1, "mish", TESTED, INTERVAL),
            "difference 0.30 pp (mish), ours - printed -1.00 … 2.00",
        ),
        (LargestDifference(0.00301, 0.01, 9, "b: mish"), "largest difference of 9 accuracies 0.30 pp (b: mish)"),
        (CurveDifference(0.0001, 0.001, 20, 5), "largest difference in accuracy through epoch 20: 0.00010 (epoch 5)"),
        (ArmDifference(ACCURACY, "a", "b", 0.0012, None, 2, 1, None, None, FEW, ()), "a - b: +0.12 pp"),
        (
            ArmDifference(ACCURACY, "a", "b", 0.0006, Interval(0.00002, 0.0012, 0.95), 6, 3, None, None, TESTED, ()),
            "a - b: +0.060 (+0.002 … +0.120) pp; p = 0.012, two-sided",
        ),
        (
            ArmDifference(
                ACCURACY, "a", "b", 0.0012, INTERVAL, 6, 3, None, None, replace(TESTED, family=(PAIRED,) * 3), ()
            ),
            "a - b: +0.12 (-1.00 … +2.00) pp; p = 0.012, two-sided, 3 arms together (max-T)",
        ),
        (
            ArmDifference(
                LOSS,
                "a",
                "b",
                0.1,
                INTERVAL,
                6,
                3,
                None,
                None,
                replace(TESTED, family=(PAIRED, PAIRED, UNPAIRED)),
                (10,),
            ),
            (
                "a - b: +0.1 (-0.01 … +0.02) nats; p = 0.012, two-sided, 3 arms together (max-T of the 2 that are "
                "paired, Bonferroni of that and the others); "
                "seed 10 is the article's own: shown, not counted"
            ),
        ),
        (
            ArmDifference(ACCURACY, "a", "b", -0.1, None, 0, 9, counted(4), counted(9), TESTED, (1, 2)),
            (
                "a - b: learned in 4 of 9, b in 9 of 9; lower in every seed; -10.00 pp where both learned; "
                "p = 0.012, two-sided; seeds 1, 2 are the article's own: shown, not counted"
            ),
        ),
        (
            ArmDifference(
                ACCURACY, "a", "b", None, None, 8, 1, counted(9), counted(0), replace(TESTED, verdict=OFTEN), ()
            ),
            (
                "a - b: learned in 9 of 9, b in none of 9; higher in 8 of 9 seeds; "
                "p < 0.001 of how often they learned, two-sided"
            ),
        ),
        (
            ArmTimes(SECONDS, "a", "b", Share(7, 9), Share(9, 9), 1, 6, 2, TESTED, 1, ()),
            (
                "a got there in 7 of 9 runs, b in 9 of 9; sooner in 1, later in 6, tied in 2 seeds; "
                "p = 0.012, two-sided; 1 pair left out, not timed together"
            ),
        ),
        (
            ArmRatio(SECONDS, "a", "b", 1.25, None, FEW, 0, (), None, 1, None),
            "a / b: measured ratio 1.25; how busy the machine was is not known",
        ),
        (
            ArmRatio(SECONDS, "a", "b", 1.25, Interval(1.2, 1.3, 0.95), TESTED, 2, (10,), 2.0, 4, 0.5),
            (
                "a / b: measured ratio 1.25 (1.2 … 1.3), printed 2; p = 0.012, two-sided; 2 pairs left out, not timed "
                "together; up to 4 runs at a time; other programs kept up to 0.5 cores busy; "
                "seed 10 is the article's own: shown, not counted"
            ),
        ),
    ],
)
def test_figures_of_claims(evidence, text):
    claim = Claim(text="It is so.", arm="a", relation="higher")
    assert words.claim_figures(JudgedClaim(claim, "", ClaimVerdict.UNDECIDED, evidence, 9)) == text


ALIKE = Claim(text="So.", arm="a", relation="alike", margin=0.005)
ORDER = Claim(text="So.", arm="a", relation="higher")
EQUAL = replace(SURE, standing=Standing.EQUIVALENT, by_values=Standing.EQUIVALENT, negligible=True)


@pytest.mark.parametrize(
    ("claim", "verdict", "found", "text"),
    [
        (ORDER, ClaimVerdict.CONFIRMED, SURE, "confirmed"),
        (ORDER, ClaimVerdict.REFUTED, SURE, "refuted"),
        (ORDER, ClaimVerdict.CONFIRMED, replace(SURE, n_learned=7), "confirmed where both learn"),
        (ORDER, ClaimVerdict.CONFIRMED, OFTEN, "confirmed: in how often they learn"),
        (
            ORDER,
            ClaimVerdict.REFUTED,
            replace(SURE, reliability=Standing.BETTER),
            "refuted: in how often they learn, and in how well where both do",
        ),
        (ORDER, ClaimVerdict.UNDECIDED, replace(SURE, standing=Standing.UNDECIDED), "not decided with 9 seeds"),
        (
            ORDER,
            ClaimVerdict.UNDECIDED,
            EQUAL,
            "not confirmed with 9 seeds: equal within 0.5 pp where both learn; up to 34 % of starts may fail",
        ),
        (
            ORDER,
            ClaimVerdict.UNDECIDED,
            replace(SURE, standing=Standing.MIXED, reliability=Standing.WORSE),
            "not decided with 9 seeds: a learns less often, but better where both do",
        ),
        (ALIKE, ClaimVerdict.CONFIRMED, EQUAL, "confirmed where both learn; up to 34 % of starts may fail"),
        (
            ALIKE,
            ClaimVerdict.UNDECIDED,
            SURE,
            "not decided with 9 seeds: they differ, but are not shown to by more than 0.5 pp",
        ),
        (ORDER, ClaimVerdict.TOO_FEW, FEW.verdict, "too few seeds: 3 of at least 6"),
        (
            ORDER,
            ClaimVerdict.TOO_FEW,
            replace(FEW.verdict, n=9, n_learned=5, reliability=Standing.UNDECIDED),
            "too few seeds where both learned: 5 of at least 6",
        ),
    ],
)
def test_verdicts_on_claims_say_in_what_respect(claim, verdict, found, text):
    test = replace(TESTED, verdict=found)
    evidence = ArmDifference(ACCURACY, "a", "b", 0.0012, None, 2, 1, None, None, test, ())
    assert words.claim_verdict(JudgedClaim(claim, "", verdict, evidence, found.n)) == text


@pytest.mark.parametrize(
    ("evidence", "verdict", "text"),
    [
        (DigitsMet(3, 4, 3, 4, 0, 0, 3), ClaimVerdict.TO_THE_DIGIT, "reproduced to the digit"),
        (CurveDifference(0.0001, 0.001, 20, 5), ClaimVerdict.MET, "met"),
        (CurveDifference(0.01, 0.001, 20, 5), ClaimVerdict.NOT_MET, "not met"),
        (LargestDifference(0.003, 0.01, 1, "a", TESTED), ClaimVerdict.CONFIRMED, "confirmed"),
        (LargestDifference(0.003, 0.01, 1, "a", FEW), ClaimVerdict.TOO_FEW, "too few seeds: 3 of at least 6"),
    ],
)
def test_what_was_counted_is_met_and_what_was_tested_is_confirmed(evidence, verdict, text):
    claim = Claim(text="So.", cells=("a",), within=0.01)
    assert words.claim_verdict(JudgedClaim(claim, "", verdict, evidence, 3)) == text


@pytest.mark.parametrize(
    ("pairings", "text"),
    [
        ((PAIRED, PAIRED), "2 arms together (max-T)"),
        ((UNPAIRED, UNPAIRED), "2 arms together (Bonferroni)"),
        ((PAIRED, UNPAIRED), "2 arms together (Bonferroni)"),
        (
            (PAIRED, PAIRED, UNPAIRED),
            "3 arms together (max-T of the 2 that are paired, Bonferroni of that and the others)",
        ),
    ],
)
def test_max_t_is_named_only_where_there_is_one(pairings, text):
    assert words.family(pairings) == f"p-values for {text}, intervals for each arm by itself"


def test_a_claim_without_evidence_is_not_judged():
    claim = Claim(text="It is so.", arm="a", relation="higher")
    for lacking in Lacking:
        judged = JudgedClaim.left_open(claim, "", NoEvidence(lacking, ("a", "b")))
        assert words.claim_verdict(judged) == "not judged"
        assert words.claim_figures(judged)


@pytest.mark.parametrize(
    ("pairing", "text"),
    [
        (Pairing(1, 1, (0,), (), (), paired=True), "paired over 1 seed"),
        (
            Pairing(3, 3, (1, 2), (3,), (0,), paired=True),
            "paired over 2 seeds (missing here: 3; missing in the baseline: 0)",
        ),
        (
            Pairing(8, 10, (2,), (1,), (9,), paired=False),
            "unpaired, by Welch's interval: 8 and 10 seeds, of which 1 is shared",
        ),
    ],
)
def test_pairings(pairing, text):
    assert words.pairing(pairing, Measure.MEAN) == text


def test_pairings_of_times_and_clocks():
    apart = Pairing(8, 10, (), (1,), (9,), paired=False)
    text = "unpaired, by the rank-sum test: 8 and 10 seeds, of which none are shared"
    assert words.pairing(apart, Measure.TIME) == text
    clocks = ClockPairs((0, 1), (10,), (3, 4), 0.31, other_load=(7,), in_pieces=(2,), elsewhere=(8, 9))
    together = Pairing(5, 5, (0, 1), (), (), paired=True)
    assert words.pairing(together, Measure.RATIO, clocks) == (
        "2 pairs timed together; left out: seed 2: broken off and gone on with later; seeds 8, 9: another device; "
        "seed 10: too far apart in time; seeds 3, 4: another number of runs at a "
        "time; seed 7: another load of the machine; others kept up to 0.31 cores busy"
    )


def verdict_of(standing, by_values, reliability=None, **others):
    known = {"adjusted_p": 0.01, "reliability_p": None, "margin": 0.005, "negligible": False, "learned_alike": True,
             "n": 10, "n_learned": 10, "least": 6, "seeds": None, "failures_not_excluded": 0.3085}  # fmt: skip
    return Verdict(standing, by_values, reliability, **(known | others))


BETTER, WORSE, OPEN = Standing.BETTER, Standing.WORSE, Standing.UNDECIDED


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (verdict_of(BETTER, BETTER), "better"),
        (
            verdict_of(WORSE, WORSE, negligible=True),
            "worse, by no more than 0.5 pp where both learn; up to 31 % of starts may fail",
        ),
        (
            verdict_of(WORSE, WORSE, OPEN, n_learned=7, negligible=True, failures_not_excluded=0.652),
            "worse where both learn, by no more than 0.5 pp; up to 65 % of starts may fail",
        ),
        (verdict_of(WORSE, WORSE, OPEN), "worse"),
        (verdict_of(WORSE, WORSE, OPEN, n_learned=7), "worse where both learn"),
        (verdict_of(WORSE, OPEN, WORSE, negligible=True), "learns less often"),
        (verdict_of(BETTER, BETTER, BETTER), "learns more often, and better where both do"),
        (verdict_of(Standing.MIXED, BETTER, WORSE), "learns less often, but better where both do"),
        (
            verdict_of(Standing.EQUIVALENT, Standing.EQUIVALENT),
            "equal within 0.5 pp where both learn; up to 31 % of starts may fail",
        ),
        (verdict_of(Standing.TOO_FEW, Standing.TOO_FEW, n=3), "too few seeds: 3 of at least 6"),
        (
            verdict_of(Standing.TOO_FEW, Standing.TOO_FEW, OPEN, n_learned=4),
            "too few seeds where both learned: 4 of at least 6",
        ),
        (verdict_of(OPEN, OPEN), "undecided"),
        (verdict_of(OPEN, OPEN, seeds=SeedRange(9, 9)), "undecided: about 9 seeds would tell"),
        (verdict_of(OPEN, OPEN, seeds=SeedRange(9, 54)), "undecided: 9 to 54 seeds would tell"),
        (verdict_of(OPEN, OPEN, seeds=SeedRange(9, None)), "undecided: 9 to more than 1000 seeds would tell"),
        (verdict_of(OPEN, OPEN, seeds=SeedRange(None, None)), "undecided: more than 1000 seeds would be needed"),
    ],
)
def test_verdicts(found, text):
    assert words.standing(found, "0.5 pp") == text


def test_less_time_is_faster():
    assert words.standing(verdict_of(BETTER, BETTER), "5 %", Measure.RATIO) == "faster"
    assert (
        words.standing(verdict_of(WORSE, WORSE, negligible=True), "5 %", Measure.RATIO) == "slower, by no more than 5 %"
    )
    equal = verdict_of(Standing.EQUIVALENT, Standing.EQUIVALENT)
    assert words.standing(equal, "5 %", Measure.RATIO) == "equal within 5 %"
    assert words.standing(replace(equal, failures_not_excluded=0.31), "5 %", Measure.TIME) == (
        "equal within 5 %; up to 31 % of starts may miss it"
    )


def test_three_decimals_where_two_would_say_nothing():
    accuracy = PLAIN["test_accuracy"]
    assert words.decimals_of([0.0012, -0.0031]) == words.decimals_of([0.0]) == 2
    assert words.decimals_of([0.00004, 0.0031]) == 3
    interval = Interval(0.00003, 0.0021, 0.95)
    comparison = Comparison(True, 10, 10, 0.001, 0.002, interval, None)  # noqa: FBT003
    assert words.interval(accuracy, comparison, 3) == "+0.003 … +0.210"
    assert words.factor(1.0004) == "1.000×"
    assert words.factor(0.987) == "0.987×"
    assert words.factor(1.0) == "1×"


@pytest.mark.parametrize(
    ("obstacle", "text"),
    [
        (Obstacle.BASELINE_ELSEWHERE, "the baseline relu is not among the arms here (mish, elu)."),
        (Obstacle.NOTHING_FINISHED, "no run has finished."),
        (Obstacle.BASELINE_UNFINISHED, "no run of the baseline relu has finished."),
        (Obstacle.ONLY_BASELINE, "only relu has finished runs."),
        (Obstacle.NOBODY_GOT_THERE, "no run of any arm got that far."),
    ],
)
def test_why_nothing_is_compared(obstacle, text):
    assert words.not_compared(NotCompared(obstacle, "relu", ("mish", "elu"))) == f"Nothing to compare: {text}"


SETTING = Role.SETTING


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        (BY_NAME["epochs"], np.int64(1), "1 epoch"),
        (BY_NAME["epochs"], np.float64(20), "20 epochs"),
        (BY_NAME["patience"], 5.0, "patience 5"),
        (BY_NAME["limit"], math.nan, "no limit"),
        (BY_NAME["limit"], 5000.0, "limit 5000"),
        (BY_NAME["train_size"], 60000.0, "training inputs 60,000"),
        (BY_NAME["learning_rate"], 0.001, "learning rate 0.001"),
        (BY_NAME["optimizer"], "adam", "adam"),
        (BY_NAME["deterministic"], np.True_, "deterministic"),
        (BY_NAME["deterministic"], np.False_, "not deterministic"),
        (BY_NAME["dataset_sha256"], "1a2b3c4d5e", "data 1a2b3c4d"),
        (BY_NAME["model_version"], "abcdef012345", "model's code abcdef"),
        (BY_NAME["model_version"], "", "model's code unknown"),
        (Column("augment", bool, SETTING, since=9), True, "augment"),
        (Column("augment", bool, SETTING, since=9), False, "no augment"),
        (Column("schedule", str, SETTING, since=9), "cosine", "schedule cosine"),
        (Column("schedule", str, SETTING, since=9), "", "no schedule"),
        (Column("clip_norm", float, SETTING, since=9, title="largest norm"), 0.5, "largest norm 0.5"),
        (Column("clip_norm", float, SETTING, since=9, title="largest norm"), None, "no largest norm"),
    ],
)
def test_the_words_of_a_setting_follow_from_its_column(column, value, text):
    assert words.setting(column, value) == text


def test_titles_of_tasks_and_metrics():
    task = (("dataset", "mnist"), ("model", "cnn"), ("epochs", 20), ("limit", None))
    assert words.task_title(task) == "mnist · cnn · 20 epochs · no limit"
    asked = parse_metrics(["wall", "loss", "seconds-per-epoch", "epochs-to:0.975", "seconds-to:0.95"], ())
    assert [words.metric_title(metric) for metric in asked] == [
        "wall-clock seconds",
        "test loss after the last epoch",
        "seconds per epoch",
        "epochs to 97.5 % test accuracy",
        "training seconds to 95 % test accuracy",
    ]


def test_what_a_tuning_tried_is_no_arm_at_its_best():
    assert words.tuning_title((("dataset", "mnist"), ("model", "cnn"), ("tuning", True))) == "mnist · cnn"
    assert words.tuning_title((("dataset", "mnist"), ("tuning", "fair-1"))) == "mnist · tuning fair-1"


def test_reasons_are_keys_in_the_tables_and_words_in_reports():
    for enum in (Obstacle, AcrossObstacle, Lacking):
        assert all(member.value == member.name.lower() for member in enum)


def test_why_nothing_is_compared_across_tasks():
    assert words.not_across(NotAcross(AcrossObstacle.ONE_TASK, "relu", 1, 1)) == "one task only"
    rare = NotAcross(AcrossObstacle.BASELINE_RARE, "relu", 3, 0)
    assert words.not_across(rare) == "3 tasks, but relu has results in none of them only"
    lonely = NotAcross(AcrossObstacle.NO_COMMON_ARM, "relu", 3, 2)
    assert words.not_across(lonely) == "2 tasks with relu, but no other arm has results in every one of them"


def test_percent():
    assert (words.percent(0.97814), words.percent(0.97814, 0), words.share(0.5)) == ("97.81", "98", "50%")
    assert words.in_percent(np.array([0.25, 1.0])).tolist() == [25.0, 100.0]
    assert words.accuracy(0.97814, 0.00142) == "97.81 ± 0.14"


def makes_percent(node):
    """Whether it is a product with 100, the factor 100.0 by itself, or a format that ends in %."""
    match node:
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return any(isinstance(side, ast.Constant) and side.value == 100 for side in (left, right))
        case ast.Constant(value=float() as value):
            return value == 100
        case ast.FormattedValue(format_spec=ast.JoinedStr() as pattern):
            return ast.unparse(pattern).endswith("%'")
    return False


def percents(path):
    """The lines of a module that make percent."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return sorted({node.lineno for node in ast.walk(tree) if makes_percent(node)})


def test_percent_is_made_in_one_place():
    places = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") for _ in percents(path)}
    assert places == {"results/thresholds.py"}


def test_the_search_for_percent_sees_what_it_is_to_see(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("a = 100 * b\nc = f'{b:.2%}'\nd = b * 10\ne = f'{b:.2f} %'\nf = 100.0 if b else 1.0\n")
    assert percents(module) == [1, 2, 5]
