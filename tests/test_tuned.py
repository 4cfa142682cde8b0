"""Tuned studies through the real entry point: chosen on validation, scored on fresh seeds, resumed, and told apart."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pretend import Pretend, sweep

from actbench.execution.plan import make_plan
from actbench.execution.sweep import Options
from actbench.execution.sweep import sweep as plain_sweep
from actbench.execution.tune import Tuner, sweep_tuned
from actbench.results.read import is_unchanged
from actbench.studies.study import Study
from actbench.studies.tuning.asked import Tuning
from actbench.tables.findings import Question, analyse
from actbench.tables.warnings import ChosenByLuck, LearnedNowhere, NotScoredThere, TriedLess

SMALL = ["--data", "data.npz", "--model", "mlp(8)", "--epochs", "2", "--batch-size", "20", "--optimizer", "sgd"]
TUNE = ["run", "--act", "relu", "--act", "tanh", "--tune", "lr", *SMALL, "--seeds", "2", "--results", "r"]


@pytest.fixture(autouse=True)
def here(npz, monkeypatch):
    monkeypatch.chdir(npz().parent)


def rows(store="r"):
    with Path(store, "runs.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_every_arm_is_tuned_then_scored_at_its_own_rate_and_at_the_shared_one(invoke):
    done = invoke(*TUNE)
    assert done.returncode == 0, done.stderr
    stored = rows()
    tuning = [row for row in stored if row["role"] == "tuning"]
    scoring = [row for row in stored if row["role"] == "scoring"]
    (name,) = {row["tuning"] for row in tuning}
    assert re.fullmatch("fair-[0-9a-f]{8}", name)
    assert {row["seed"] for row in tuning} == {"10000", "10001", "10002"}
    assert {(row["validation_split"], row["split"]) for row in tuning} == {("0.1", "stratified")}
    assert {(row["validation_split"], row["split"]) for row in scoring} == {("0.0", "last")}
    rates = {arm: {row["learning_rate"] for row in tuning if row["activation"] == arm} for arm in ("relu", "tanh")}
    assert rates["relu"] == rates["tanh"]
    assert len(rates["relu"]) >= 7
    chosen = json.loads(Path("r/manifest.json").read_text(encoding="utf-8"))["tunings"][name]["chosen"]
    for arm in ("relu", "tanh"):
        own = chosen[arm]["learning_rate"]
        found = {(float(row["learning_rate"]), row["tuning"]) for row in scoring if row["activation"] == arm}
        assert found == ({(own, name)} if own == 0.01 else {(own, name), (0.01, "")})
        # By validation alone, recomputed here from epochs.csv.
        assert own == best_by_hand(arm, tuning)
    assert {row["seed"] for row in scoring} == {"0", "1"}

    again = invoke(*TUNE)
    assert rows() == stored
    assert "nothing to train" in again.stderr

    shown = invoke("compare", "r").stdout
    assert "each arm at its own best" in shown
    assert "chosen by the protocol fair" in shown
    found = json.loads(invoke("compare", "r", "--json").stdout)
    own, *shared = found["tasks"]
    assert own["settings"]["learning_rate"] is None
    assert {arm["activation"]: arm["settings"] for arm in own["tuning"]["arms"]} == chosen
    assert [task["settings"]["learning_rate"] for task in shared] == [0.01] * len(shared)
    assert not any("not comparable" in warning["text"] for warning in found["warnings"])
    table = list(csv.DictReader(invoke("compare", "r", "--format", "csv").stdout.splitlines()))
    assert [row["tuning"] for row in table] == [name, name, *[""] * (len(table) - 2)]
    assert [float(row["learning_rate"]) for row in table[:2]] == [chosen[a]["learning_rate"] for a in ("relu", "tanh")]
    with Path("r/table.csv").open(encoding="utf-8") as file:
        assert sum(int(row["runs"]) for row in csv.DictReader(file)) == len(scoring)

    cheaper = invoke(*TUNE, "--dry-run").stdout
    assert "0 to train" in cheaper


def best_by_hand(arm, tuning):
    last = {}
    with Path("r/epochs.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["val_accuracy"]:
                last[row["run_key"]] = (float(row["val_accuracy"]), -float(row["val_loss"]))
    by_rate = {}
    for row in tuning:
        if row["activation"] == arm:
            by_rate.setdefault(float(row["learning_rate"]), []).append(last[row["run_key"]])
    means = {rate: tuple(sum(part) / len(some) for part in zip(*some, strict=True)) for rate, some in by_rate.items()}
    return max(sorted(means), key=lambda rate: means[rate])


def test_a_price_is_told_and_nothing_is_written(invoke):
    done = invoke(*TUNE, "--dry-run")
    assert "Tuning: 42 runs in 2 arms, 7 trials each: 0 stored already, 42 to train" in done.stdout
    assert "Scoring: 4 to 12 runs in 2 arms: 0 stored already, 4 to 12 to train" in done.stdout
    assert "0.000316 … 0.316" in done.stdout
    assert not Path("r").exists()


def test_a_price_on_a_narrow_screen_keeps_what_is_tuned(invoke, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    tuning = invoke(*TUNE, "--dry-run").stdout.partition("Tuning:")[0]
    assert len(re.findall(r"^ (?:relu|tanh) .* 0\.000316 … 0\.316 +7 +21 +\?$", tuning, re.MULTILINE)) == 2
    left = re.search(r"No room for: (.*?)\. A wider", tuning, re.DOTALL)[1]
    assert left.split() == ["optimizer,", "epochs,", "stored"]


def test_the_most_scoring_runs_are_told_before_and_may_come_to_be(invoke, monkeypatch):
    """Both arms tuned to other rates than the shared one, and to rates that no tuning tells apart."""
    executor = Flat({"relu": 0.0316, "tanh": 0.1})
    monkeypatch.setattr("actbench.execution.local.LocalExecutor", lambda: executor)
    before = json.loads(invoke(*TUNE, "--dry-run", "--json").stdout)["Scoring"]
    assert (before["runs"], before["runs_at_most"]) == (4, 12)
    plan, _ = sweep(executor)
    assert len(plan.runs) == 12
    after = json.loads(invoke(*TUNE, "--dry-run", "--json").stdout)["Scoring"]
    assert (after["runs"], after["runs_at_most"], after["stored"]) == (12, 12, 12)


SEVERAL = """
[tuning.grid]
initializer = ["glorot_uniform", "he_normal"]
weight_decay = [0.1, 0.9]
momentum = [0.0, 0.9]
learning_rate = [0.1, 1.0]
"""


def test_a_price_has_one_row_an_arm_however_many_settings_are_tuned(invoke):
    Path("study.toml").write_text(STUDY + SEVERAL, encoding="utf-8")
    said = invoke("run", "study.toml", "--dry-run").stdout.partition("Scoring:")[0]
    assert "Tuning: 96 runs in 2 arms, 16 trials each: 0 stored already, 96 to train" in said
    heads, _, *arms = said.partition("Tuning:")[0].strip().splitlines()
    assert [part for part in re.split(" {2,}", heads) if "data" not in part] == [
        "activation", "model", "optimizer", "initializer", "learning rate", "weight decay", "epochs", "trials",
        "stored", "to train", "time",
    ]  # fmt: skip
    tried = "sgd, sgd(momentum=0.9)   glorot_uniform, he_normal         0.1 … 1      0.1 … 0.9        1       16"
    assert [(arm.split()[0], tried in arm) for arm in arms] == [("relu", True), ("tanh", True)]
    found = json.loads(invoke("run", "study.toml", "--dry-run", "--json").stdout)["Tuning"]
    assert [arm["trials"] for arm in found["arms"]] == [16, 16]
    assert found["arms"][0]["settings"]["optimizer"] == ["sgd", "sgd(momentum=0.9)"]


def test_arms_that_differ_in_any_setting_are_told_apart_in_a_price(invoke):
    study = STUDY + 'initializer = ["glorot_uniform", "he_normal"]\nweight_decay = [0.1, 0.9]\n'
    Path("study.toml").write_text(study, encoding="utf-8")
    _, _, *arms = invoke("run", "study.toml", "--dry-run").stdout.strip().splitlines()
    told = [line for line in arms if line.startswith((" relu", " tanh"))]
    assert len(told) == len(set(told)) == 8
    assert sum("he_normal" in line and " 0.9 " in line for line in told) == 2


STUDY = """
model = "mlp(8)"
[data]
name = "data.npz"
[training]
optimizer = "sgd"
epochs = 1
batch_size = 20
[grid]
activation = ["relu", "tanh"]
seeds = 2
"""


@pytest.mark.parametrize(
    ("tuning", "words"),
    [
        ("[tuning.grid]\nlearning_rate = [0.1]", "two or more"),
        ("[tuning.grid]\nepochs = [1, 2]", "cannot choose 'epochs'"),
        ("[tuning.grid]\nlearning_rate = [0.1, 0.1]", "twice"),
        ("[tuning.grid]\nmomentum = 0.9", "must be a list"),
        ("[tuning.grid]\nbeta_1 = [0.8, 0.9]", "no parameter 'beta_1'"),
        ("[tuning]\nseeds = [1, 10000]", "seed 1 would both tune and score"),
        ("[tuning]\nprotocol = 'fare'", "fair"),
        ("[tuning]\nprotocol = 'grid'", "tuning.grid"),
        ("[tuning]\nbudget = 'half'", "halving"),
        ("[tuning]\nvalidation_split = 0", "validation_split"),
        ("[tuning]\nvalidation_split = 0.001", "no room for validation"),
        ("[tuning]\nvalidation_split = 0.9", "no room for training: it keeps 0.9 of the 60 training inputs"),
        ("[tuning]\nseeds = 0", "tuning.seeds"),
        ("[tuning]\nrates = [0.1]", "rates is not known"),
        ("[tuning]\nprotocol = 'fair'\n[tuning.grid]\nlearning_rate = [0.1, 0.2]", "leave one of them out"),
    ],
)
def test_a_study_whose_tuning_cannot_be_is_refused_in_one_sentence(invoke, tuning, words):
    Path("study.toml").write_text(STUDY + tuning, encoding="utf-8")
    done = invoke("run", "study.toml", "--results", "r")
    assert "--batch-size 20 is more" not in done.stderr
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not Path("r").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--protocol", "fair"], "--protocol is for --tune"),
        (["--tuning-seeds", "2"], "--tuning-seeds is for --tune"),
        (["--tune", "momentum"], "[tuning.grid]"),
        (["--tune", "lr", "--protocol", "grid"], "[tuning.grid]"),
        (["--tune", "lr", "--protocol", "fear"], "fair"),
        (["--tune", "lr", "--budget", "small"], "halving"),
        (
            ["--tune", "lr", "--until-decided"],
            "the looks would have to allow for the choice of settings",
        ),
        (["--tune", "lr", "--rerun"], "what is tried next follows from what is stored. Take another --results."),
        (["--tune", "lr", "--tuning-seeds", "0"], "1 or more"),
        (["--tune", "lr", "--seed", "10001"], "would both tune and score"),
    ],
)
def test_options_of_a_tuning_that_cannot_be_are_refused_in_one_sentence(invoke, options, words):
    done = invoke("run", "--act", "relu", "--act", "tanh", *SMALL, "--results", "r", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert not Path("r").exists()


def test_several_rates_and_a_tuning_of_the_rate_are_refused(invoke):
    Path("study.toml").write_text(STUDY + "learning_rate = [0.1, 0.2]\n[tuning]\n", encoding="utf-8")
    done = invoke("run", "study.toml", "--results", "r")
    assert done.returncode == 2
    assert "give one shared value, not several" in done.stderr


def test_patience_in_a_study_that_tunes_is_refused(invoke):
    study = STUDY.replace("epochs = 1", "epochs = 1\npatience = 3")
    Path("study.toml").write_text(study + "[tuning]\n", encoding="utf-8")
    done = invoke("run", "study.toml", "--results", "r")
    assert (done.returncode, Path("r").exists()) == (2, False)
    assert "the tuning keeps its own part for validation" in done.stderr
    assert "Leave --patience out." in done.stderr


def chosen_in(store="r"):
    (found,) = json.loads(Path(store, "manifest.json").read_text(encoding="utf-8"))["tunings"].values()
    return {arm: settings["learning_rate"] for arm, settings in found["chosen"].items()}


def test_validation_chooses_whatever_the_test_part_says():
    plan, outcome = sweep(Pretend({"relu": 0.03, "tanh": 0.3}))
    assert outcome.complete
    assert chosen_in() == {"relu": 0.0316, "tanh": 0.316}
    assert len(plan.runs) == 2 * 2 * 2


@pytest.mark.slow
def test_a_killed_tuning_goes_on_to_the_same_end():
    whole = Pretend({"relu": 0.03, "tanh": 3.0})
    sweep(whole, folder="whole")
    for halts_at in (0, 5, 41, 44, len(whole.trained) - 1):
        parts = [Pretend(whole.best, halts_at=halts_at), Pretend(whole.best)]
        with pytest.raises(KeyboardInterrupt):
            sweep(parts[0], folder=f"part{halts_at}")
        sweep(parts[1], folder=f"part{halts_at}")
        assert parts[0].trained + parts[1].trained == whole.trained
        assert chosen_in(f"part{halts_at}") == chosen_in("whole") == {"relu": 0.0316, "tanh": 3.16}


@pytest.mark.slow
def test_a_rate_at_which_a_run_diverges_is_not_chosen():
    sweep(
        Pretend({"relu": 0.03, "tanh": 0.03}, diverges=lambda run: run.learning_rate == 0.0316 and run.seed == 10_001)
    )
    assert set(chosen_in().values()) <= {0.01, 0.1}


@pytest.mark.slow
def test_scoring_takes_ten_seeds_where_nobody_says_how_many():
    executor = Pretend({"relu": 0.01, "tanh": 0.01})
    study = Study(tuning=Tuning()).override(
        {"data": "data.npz", "batch_size": 20, "activation": ["relu", "tanh"], "optimizer": "sgd"}
    )
    plan, _ = sweep_tuned(Tuner(study, executor, Path("r")), Path("r"), Options(executor=executor))
    assert sorted({run.seed for run, _ in plan.runs}) == list(range(10))
    # Both arms are at their best at the shared rate: nothing is trained twice, and there is one task.
    assert len(plan.runs) == 20
    assert [bool(task.tuning) for task in analyse([Path("r")], Question()).tasks] == [True]


def test_a_study_chooses_what_its_grid_names():
    asked = Tuning(protocol="grid", seeds=(70,), grid={"momentum": [0.0, 0.9], "learning_rate": [0.1, 1.0]})
    sweep(Pretend({"relu": 0.1, "tanh": 1.0}), asked)
    assert {(row["optimizer"], row["learning_rate"], row["seed"]) for row in rows() if row["role"] == "tuning"} == {
        (optimizer, rate, "70") for optimizer in ("sgd", "sgd(momentum=0.9)") for rate in ("0.1", "1.0")
    }
    own, *_ = analyse([Path("r")], Question()).tasks
    assert (own.task.open, own.tuning.stored.searched) == (
        ("optimizer", "learning_rate"),
        ("momentum", "learning_rate"),
    )


def test_a_store_with_half_a_tuning_says_so(invoke):
    with pytest.raises(KeyboardInterrupt):
        sweep(Pretend({"relu": 0.03, "tanh": 0.3}, halts_at=42))
    done = invoke("compare", "r")
    assert done.returncode == 2
    assert "only tuning runs" in done.stderr


@pytest.mark.slow
def test_plain_and_tuned_studies_share_their_runs_whatever_came_first():
    executor = Pretend({"relu": 0.3, "tanh": 0.03})
    plain = make_plan(
        Study().override({"data": "data.npz", "model": "mlp(8)", "epochs": 2, "batch_size": 20, "optimizer": "sgd",
                          "activation": ["relu", "tanh"], "seed": [0, 1], "learning_rate": 0.316}),
        executor,
    )  # fmt: skip
    plain_sweep(plain, Path("r"), Options(executor=executor))
    sweep(executor)
    assert len(set(executor.trained)) == len(executor.trained)
    named = {(row["activation"], row["seed"]): bool(row["tuning"]) for row in rows() if row["learning_rate"] == "0.316"
             and row["role"] == "scoring"}  # fmt: skip
    assert named == {("relu", "0"): True, ("relu", "1"): True, ("tanh", "0"): False, ("tanh", "1"): False}
    tasks = analyse([Path("r")], Question()).tasks
    assert [(bool(t.task.tuning), t.task.settings["learning_rate"], len(t.task.runs)) for t in tasks] == [
        (True, None, 4), (False, 0.316, 4), (False, 0.01, 4),
    ]  # fmt: skip
    assert not [row for row in rows() if not is_unchanged(row)]


@pytest.mark.slow
def test_two_tunings_of_a_store_share_what_both_chose():
    executor = Pretend({"relu": 0.03, "tanh": 0.1})
    sweep(executor)
    before = len(executor.trained)
    sweep(executor, Tuning(budget="halving"))
    assert len(executor.trained) == before
    both = {row["tuning"] for row in rows() if row["role"] == "scoring" and row["learning_rate"] != "0.01"}
    assert len(both) == 1
    assert len(both.pop().split()) == 2
    own = [item for item in analyse([Path("r")], Question()).tasks if item.task.tuning]
    assert {item.tuning.runs for item in own} == {(42, 42), (26, 42)}


def test_what_lies_on_the_edge_is_a_warning(invoke):
    sweep(Pretend({"relu": 0.03, "tanh": 1e4}))
    assert "tanh: the best lies on the edge" in invoke("compare", "r").stdout


def test_a_deliberate_grid_over_the_rate_is_a_sensitivity_study(invoke):
    executor = Pretend({"relu": 0.03, "tanh": 0.3})
    plan = make_plan(
        Study().override(
            {"data": "data.npz", "batch_size": 20, "activation": ["relu", "tanh"], "learning_rate": [0.1, 0.01]}
        ),
        executor,
    )
    plain_sweep(plan, Path("r"), Options(executor=executor))
    shown = invoke("compare", "r").stdout
    assert "a sensitivity study over the learning rate (0.01, 0.1)" in shown
    assert "not comparable" not in shown


class Flat(Pretend):
    """Validation that cannot tell neighbouring rates apart, and a test part on which the rate alone counts."""

    def record(self, run):
        found = super().record(run)
        epochs = [
            replace(row, val_accuracy=row.val_accuracy and row.val_accuracy + (run.seed % 3 - 1) / 20)
            for row in found.epochs
        ]
        return replace(found, epochs=tuple(epochs))


SEEDS = list(range(10))


def own_verdicts():
    own = analyse([Path("r")], Question()).tasks[0]
    assert own.task.tuning
    return {row.arm: row.verdict for row in own.comparisons[0].rows}, own.warnings


def test_a_difference_that_is_one_of_the_rates_is_taken_back():
    """One function twice: which rate it takes is luck, and which is better follows from the rate."""
    plan, _ = sweep(Flat({"relu": 0.01, "tanh": 0.0316}), seed=SEEDS)
    assert chosen_in() == {"relu": 0.01, "tanh": 0.0316}
    beside = {(run.activation.spelling, run.learning_rate) for run, _ in plan.runs if run.tuning.endswith("~")}
    assert beside == {("relu", 0.0316)}  # tanh at 0.01 is that of the shared rate
    verdicts, warnings = own_verdicts()
    assert (verdicts["tanh"].standing, verdicts["tanh"].taken_back) == ("undecided", "worse")
    assert not [found for found in warnings if isinstance(found, ChosenByLuck)]


@pytest.mark.parametrize(("searched", "values", "trained"), [
    ("initializer", ["glorot_uniform", "he_normal"], {"glorot_uniform", "he_normal"}),
    ("weight_decay", [0.0, 0.9], {"", "0.9"}),
])  # fmt: skip
def test_what_is_usual_anyway_is_one_of_the_values_that_are_tried(searched, values, trained):
    """Said or not, it is the same run."""
    executor = Pretend({"relu": 0.01, "tanh": 0.01})
    for _ in range(2):
        sweep(executor, Tuning(protocol="grid", seeds=[10000], grid={searched: values}))
    assert len(set(executor.trained)) == len(executor.trained)
    scored = [row for row in rows() if row["role"] == "scoring"]
    kinds = {(row["activation"], row[searched], row["seed"]) for row in scored}
    assert len(kinds) == len(scored)
    assert {value for _, value, _ in kinds} <= trained


class Better(Flat):
    """As above, and tanh is better at any rate."""

    def record(self, run):
        found = super().record(run)
        more = 0.2 * (run.activation.spelling == "tanh")
        return replace(
            found, epochs=tuple(replace(row, test_accuracy=row.test_accuracy - 0.3 + more) for row in found.epochs)
        )


def test_a_difference_at_equal_rates_too_stands(invoke):
    sweep(Better({"relu": 0.01, "tanh": 0.0316}), seed=SEEDS)
    verdicts, _ = own_verdicts()
    assert (verdicts["tanh"].standing, verdicts["tanh"].taken_back) == ("better", None)
    assert invoke("compare", "r", "--fail-if", "better(tanh, relu)").returncode == 1


@pytest.mark.slow
def test_without_the_runs_at_equal_rates_there_is_a_warning(invoke):
    said = "tanh: tuned to other settings than relu, which lead by no more than 2 standard errors"
    from actbench.results.store import Store

    sweep(Flat({"relu": 0.01, "tanh": 0.0316}), seed=SEEDS)
    with Store.open(Path("r")) as store:
        store.discard([row["run_key"] for row in rows() if row["tuning"].endswith("~")])
    verdicts, warnings = own_verdicts()
    assert verdicts["tanh"].standing == "worse"
    assert [found.arms for found in warnings if isinstance(found, ChosenByLuck)] == [("tanh",)]
    assert said in " ".join(invoke("compare", "r").stdout.split())


@pytest.mark.slow
def test_where_the_tuning_tells_the_rates_apart_nothing_more_is_trained():
    plan, _ = sweep(Pretend({"relu": 0.03, "tanh": 0.3}), seed=SEEDS)
    assert not [run for run, _ in plan.runs if run.tuning.endswith("~")]
    verdicts, _ = own_verdicts()
    assert verdicts["tanh"].standing == "worse"


@pytest.mark.slow
def test_arms_of_several_studies_in_one_store_are_tuned_alike():
    """A later study begins with all that an earlier one came to try; where it tries more, the others are said to have
    been tried less.
    """
    high = Pretend({"relu": 0.01, "tanh": 1.0, "sigmoid": 0.01, "elu": 10.0})
    sweep(high, activation=["relu", "tanh"])
    (found,) = of_tuned("r")
    assert {arm: len(its.scores) for arm, its in found.tuning.arms.items()} == {"relu": 9, "tanh": 9}
    before = len(high.trained)
    sweep(high, activation=["relu", "sigmoid"])
    # Sigmoid alone would be tried with 7 rates.
    assert len(high.trained) - before == 3 * 9 + 2
    (found,) = of_tuned("r")
    assert found.task.arms == ["relu", "tanh", "sigmoid"]
    assert {arm: its.trial.rate for arm, its in found.tuning.arms.items()} == {
        "relu": 0.01,
        "tanh": 1.0,
        "sigmoid": 0.01,
    }
    assert not any(isinstance(warning, TriedLess) for warning in found.warnings)
    manifest = json.loads(Path("r/manifest.json").read_text(encoding="utf-8"))
    (stored,) = manifest["tunings"].values()
    assert set(stored["chosen"]) == {"relu", "tanh", "sigmoid"}
    # One more arm takes the search further up; two of the others do not follow.
    sweep(high, activation=["relu", "elu"])
    (found,) = of_tuned("r")
    assert {arm: len(its.scores) for arm, its in found.tuning.arms.items()} == {
        "relu": 10, "tanh": 9, "sigmoid": 9, "elu": 10
    }  # fmt: skip
    (less,) = (warning for warning in found.warnings if isinstance(warning, TriedLess))
    assert less == TriedLess({"tanh": 9, "sigmoid": 9}, 10)


@pytest.mark.slow
def test_runs_at_what_was_best_once_are_not_at_an_arms_own_best():
    """More trials move an arm's best: its older scoring runs are left out, which is said where it has no others."""
    sweep(Pretend({"relu": 0.01, "tanh": 1.0}), activation=["relu", "tanh"])
    (found,) = of_tuned("r")
    assert found.task.arms == ["relu", "tanh"]
    # Tanh's tuning runs at its best are gone, so that by what is there another rate is best.
    kept = [
        row for row in rows() if (row["role"], row["activation"], row["learning_rate"]) != ("tuning", "tanh", "1.0")
    ]
    with Path("r/runs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, kept[0])
        writer.writeheader()
        writer.writerows(kept)
    findings = analyse([Path("r")], Question())
    (found,) = (one for one in findings.tasks if one.tuning)
    assert found.task.arms == ["relu"]
    assert NotScoredThere(("tanh",)) in findings.warnings


def of_tuned(folder):
    return [found for found in analyse([Path(folder)], Question()).tasks if found.tuning]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--lr", "0.1", "--lr", "0.01"], "The tuning chooses the learning_rate of each arm: give one shared value"),
        (["--epochs", "2", "--epochs", "3"], "--epochs takes one value and was given 3."),
    ],
)
def test_one_value_is_taken_where_there_is_room_for_one(invoke, words, said):
    done = invoke(*TUNE, *words)
    assert (done.returncode, Path("r").exists()) == (2, False)
    assert said in done.stderr


def test_several_rates_without_a_tuning_are_all_trained(invoke):
    done = invoke("run", "--act", "relu", *SMALL, "--seeds", "2", "--lr", "0.1", "--lr", "0.01", "--dry-run")
    assert done.returncode == 0
    assert "4 runs" in done.stdout
    assert re.findall(r"sgd +(\S+)", done.stdout) == ["0.1", "0.01"]


@pytest.mark.slow
def test_whoever_watches_a_tuning_sees_nothing_of_the_test_images(invoke):
    done = invoke(*TUNE)
    lines = [line for line in done.stderr.splitlines() if re.match(r"\[\d+/\d+\]", line)]
    tuning = [line for line in lines if re.search("seed 1000[0-2]", line)]
    assert len(tuning) >= 42
    assert all("validation" in line and "test" not in line for line in tuning)
    assert all("test" in line for line in lines if line not in tuning)


def test_progress_names_a_tuned_optimizer_as_it_is_spelled(invoke, monkeypatch):
    monkeypatch.setattr("actbench.execution.local.LocalExecutor", lambda: Pretend({"relu": 0.03, "tanh": 0.03}))
    Path("study.toml").write_text(STUDY + "[tuning.grid]\nmomentum = [0.0, 0.9]\n", encoding="utf-8")
    done = invoke("run", "study.toml", "--results", "r")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if re.match(r"\[\d+/12\] .*validation", line)]
    assert [line.partition("] ")[2].partition(":")[0] for line in lines[:2]] == [
        "relu, sgd, seed 10000", "tanh, sgd, seed 10000",
    ]  # fmt: skip
    assert sum("relu, sgd(momentum=0.9), seed" in line for line in lines) == 3
    assert len(lines) == 12
    assert "Choice(" not in done.stderr


@pytest.mark.slow
def test_what_chose_the_settings_is_missed_where_its_manifest_is_gone(invoke):
    sweep(Pretend({"relu": 0.03, "tanh": 0.3}), seed=SEEDS)
    Path("r/manifest.json").unlink()
    assert "no manifest.json knows the tuning fair-" in invoke("compare", "r").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--validation-split", "0.2"], "and has none. Leave --validation-split out."),
        (["--split", "stratified"], "and has none. Leave --split out."),
        (["--patience", "3"], "and has none. Leave --patience out."),
        (["--patience", "3", "--validation-split", "0.2"], "and has none. Leave --patience out."),
        (["--limit", "20"], "no room for validation: 0.1 of the 20 training inputs of 'data.npz' is 2"),
        (["--budget", "halving", "--tuning-seeds", "1"], "--tuning-seeds 2 or more"),
        (["--budget", "halving", "--protocol", "deepobs"], "--tuning-seeds 2 or more"),
        (["--budget", "halving", "--protocol", "algoperf", "--tuning-seeds", "3"], "give --budget full"),
    ],
)
def test_what_a_tuning_cannot_use_is_refused(invoke, words, said):
    done = invoke(*TUNE, *words)
    assert (done.returncode, Path("r").exists()) == (2, False)
    assert said in " ".join(done.stderr.split())


def test_a_price_by_halving_is_that_of_all_rounds(invoke, monkeypatch):
    price = [*TUNE, "--budget", "halving", "--dry-run"]
    said = invoke(*price).stdout
    # Of each arm 7 trials, then 4, then 2.
    assert "Tuning: 26 runs in 2 arms, 7 trials each: 0 stored already, 26 to train" in said
    assert len(re.findall(r"^ (?:relu|tanh) .* 7 +0 +13 +\?$", said, re.MULTILINE)) == 2
    for trained in (5, 14, 20):
        executor = Pretend({"relu": 0.03, "tanh": 0.1}, halts_at=trained)
        monkeypatch.setattr("actbench.execution.local.LocalExecutor", lambda its=executor: its)
        with pytest.raises(KeyboardInterrupt):
            sweep(executor, Tuning(budget="halving"), folder=f"r{trained}")
        told = invoke(*(f"r{trained}" if word == "r" else word for word in price)).stdout
        assert f"Tuning: 26 runs in 2 arms, 7 trials each: {trained} stored already, {26 - trained} to train" in told
    assert "Each further tuning seed takes the better half" in said
    assert "one more rate a side" in said
    assert "one more rate a side" not in invoke(*TUNE, "--protocol", "deepobs", "--dry-run").stdout


@pytest.mark.slow
def test_a_plain_command_answers_without_the_tuning_that_its_store_holds(invoke):
    assert invoke(*TUNE).returncode == 0
    (name,) = {row["tuning"] for row in rows() if row["role"] == "tuning"}
    chosen = json.loads(Path("r/manifest.json").read_text(encoding="utf-8"))["tunings"][name]["chosen"]
    rate = str(chosen["tanh"]["learning_rate"])
    shown = invoke("run", "--act", "relu", "--act", "tanh", *SMALL, "--seeds", "2", "--lr", rate, "--results", "r")
    # The runs of tanh at its own best are among those that are asked for.
    assert shown.returncode == 0
    assert "each arm at its own best" not in shown.stdout
    assert "each arm at its own best" in invoke("compare", "r").stdout


@pytest.mark.slow
def test_two_tunings_of_the_same_arms_have_titles_of_their_own_and_count_once(invoke):
    executor = Pretend({"relu": 0.03, "tanh": 0.1})
    sweep(executor, seed=SEEDS)
    sweep(executor, Tuning(seeds=(10_000, 10_001)), seed=SEEDS)
    findings = analyse([Path("r")], Question())
    titles = [item["title"] for item in json.loads(invoke("compare", "r", "--json").stdout)["tasks"]]
    assert len(set(titles)) == len(titles) == 3
    assert sum("each arm at its own best (fair-" in title for title in titles) == 2
    assert findings.across.tasks == 1


def test_rates_of_a_sensitivity_study_are_no_tasks_to_rank_over():
    executor = Pretend({"relu": 0.03, "tanh": 0.3})
    study = Study().override(
        {"data": "data.npz", "batch_size": 20, "activation": ["relu", "tanh"], "learning_rate": [0.1, 0.001, 0.01],
         "seed": [0, 1, 2]}
    )  # fmt: skip
    plain_sweep(make_plan(study, executor), Path("r"), Options(executor=executor))
    found = analyse([Path("r")], Question())
    assert (len(found.tasks), found.across.tasks) == (3, 1)


@pytest.mark.slow
def test_an_arm_that_learns_nowhere_has_no_broad_optimum():
    sweep(Pretend({"relu": 0.01, "tanh": 0.3}, diverges=lambda run: run.activation.spelling == "tanh"), seed=SEEDS)
    (found,) = of_tuned("r")
    assert found.tuning.arms["tanh"].flat is None
    assert found.tuning.arms["relu"].flat is not None
    assert LearnedNowhere(("tanh",)) in found.warnings


@pytest.mark.slow
def test_one_function_under_two_names_is_tuned_alike_and_never_better(invoke):
    """Real runs: our ReLU and Keras's own choose the same rate on the same seeds, and differ in nothing."""
    words = ["--data", "digits", "--model", "mlp(16)", "--epochs", "4"]
    done = invoke(
        "run", "--act", "relu", "--act", "keras:relu", "--tune", "lr", *words, "--seeds", "6", "--results", "r"
    )
    assert done.returncode == 0, done.stderr
    (found,) = of_tuned("r")
    ours, theirs = (found.tuning.arms[arm] for arm in ("relu", "keras:relu"))
    assert ours.trial == theirs.trial
    assert ours.score.accuracy == pytest.approx(theirs.score.accuracy, abs=1e-9)
    (row,) = found.comparisons[0].rows
    assert (row.comparison.difference, row.verdict.standing) == (pytest.approx(0, abs=1e-9), "equivalent")
