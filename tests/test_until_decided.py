"""Seeds until it is decided: what each look trains, what the store says of it, and what every reader makes of it."""

import json

import numpy as np
import pytest
from conftest import mostly_slow

from actbench.datasets import DatasetInfo
from actbench.errors import UserError
from actbench.execution.events import EpochEnded, LookEnded, RunEnded, RunStarted
from actbench.execution.plan import make_plan
from actbench.execution.reproduce import find_case, review
from actbench.execution.sweep import Options, sweep
from actbench.execution.until_decided import Wish, first_and_most, sweep_until_decided, with_designs
from actbench.reports import words
from actbench.reports.loggers import LOGGERS
from actbench.reports.repeat import run_command
from actbench.reports.words import look_lines
from actbench.results.columns import Epoch, Record
from actbench.results.read import read_manifest, read_runs
from actbench.results.sittings import Sitting, designs_in, seeds_text, sittings_in
from actbench.statistics import within_in_looks
from actbench.studies.study import Study
from actbench.tables.findings import Question, analyse, judge_alone
from actbench.tables.select import Selection

NOISE = np.random.default_rng(5).normal(scale=0.01, size=(7, 40))
"""By arm and seed."""
EFFECTS = {"relu": 0.0, "tanh": 0.05, "elu": 0.0, "mish": 0.004}
"""How much better than relu: by far, not at all, and so little that it takes more than the first look."""


MOST = Wish(10)
"""So that the tests are quick: looks of 6, 8 and 10."""


class Pretend:
    """An executor that makes records up: accuracies by activation and seed, and the statuses of some."""

    def __init__(self, statuses=None, halts_at=None, dead=()):
        self.statuses = statuses or {}
        self.halts_at = halts_at
        self.dead = dead
        self.trained = []

    def device_kind(self, asked, backend="tensorflow"):  # noqa: ARG002
        return "cpu" if asked == "auto" else asked

    def run(self, assignments, jobs, halt, skip):  # noqa: ARG002
        for assignment in assignments:
            run = assignment.run
            what = run.activation.spelling, run.seed
            if what == self.halts_at:
                raise KeyboardInterrupt
            self.trained.append(what)
            yield RunStarted(run)
            status = self.statuses.get(what, "ok")
            if status == "failed":
                yield RunEnded(Record(run=run, status=status, error="made up"))
                continue
            learned = 0.1 if what[0] in self.dead else 0.9
            figures = (0.5, learned, None, None, 0.5, accuracy(*what), 0.1, 0.01, 0.001)
            rows = (Epoch(0, *figures), Epoch(1, *figures))
            yield EpochEnded(run, rows[-1])
            clocks = {"compile_seconds": 0.1, "wall_seconds": 1.0}
            started = {"started_at": self.clock()} if hasattr(self, "clock") else {}
            sizes = {"parameters": 9, "train_size": 8000, "test_size": 2000}
            yield RunEnded(Record(run=run, status=status, epochs=rows, **clocks, **sizes, **started))


def accuracy(arm, seed):
    return float(0.8 + NOISE[0, seed] + EFFECTS[arm] + NOISE[1 + list(EFFECTS).index(arm), seed] / 2)


@pytest.fixture(autouse=True)
def no_data_is_read(monkeypatch):
    info = DatasetInfo("0" * 64, 10, (8, 8, 1), 8000, 0, 2000)
    monkeypatch.setattr("actbench.datasets.info", lambda _: info)


def study(*arms, most=10, **changes):
    grid = {"activation": list(arms), "seed": list(range(most))}
    return Study(name="s", base={"model": "mlp(8)", "epochs": 1}, grid=grid, **changes)


@pytest.fixture
def decided(tmp_path):
    """Sweep until it is decided. Returns the outcome, the executor, and the events."""

    def carry_out(*arms, wish=MOST, executor=None, folder="store", **changes):
        executor, events = executor or Pretend(), []
        plan = make_plan(study(*arms, most=wish.most, **changes), executor)
        plan = with_designs(plan, tmp_path / folder, wish)
        outcome = sweep_until_decided(plan, tmp_path / folder, wish, Options(executor=executor), [events.append])
        return outcome, executor, events

    return carry_out


def lines(events):
    return [line for event in events if isinstance(event, LookEnded) for line in look_lines(event.tasks)]


# What is trained


def test_a_look_trains_its_seeds_for_the_arms_that_are_open(decided):
    outcome, executor, events = decided("relu", "tanh", "elu")
    assert outcome.complete
    seeds = {arm: [seed for name, seed in executor.trained if name == arm] for arm in ("relu", "tanh", "elu")}
    assert seeds["tanh"] == list(range(6))
    assert seeds["elu"] == seeds["relu"]
    assert lines(events)[0].startswith("look 1 of 3, 6 seeds: tanh better (p 0.031)")
    # Seed by seed, the arms interleaved, as a plain sweep has it.
    assert executor.trained[:4] == [("relu", 0), ("tanh", 0), ("elu", 0), ("relu", 1)]


def test_it_ends_once_every_arm_is_decided(decided, tmp_path):
    _, executor, events = decided("relu", "tanh")
    assert len(executor.trained) == 12
    assert lines(events) == ["look 1 of 3, 6 seeds: tanh better (p 0.031)"]
    (design,) = designs_in(read_manifest(tmp_path / "store")).values()
    assert design.decided["tanh"].look == 1
    assert design.looks == (6, 8, 10)


@pytest.mark.slow
def test_it_ends_with_the_most_seeds(decided):
    outcome, executor, events = decided("relu", "mish", wish=Wish(12, margin=0.0))
    assert outcome.complete
    assert [event.seeds for event in events if isinstance(event, LookEnded)][-1] <= 12
    assert max(seed for _, seed in executor.trained) < 12


def test_more_seeds_go_on_with_the_same_looks(decided, tmp_path):
    open_arms = {"wish": Wish(8, margin=0.0)}
    _, first, _ = decided("relu", "elu", **open_arms)
    assert len(first.trained) == 16
    _, second, _ = decided("relu", "elu", wish=Wish(10, margin=0.0))
    assert second.trained == [("relu", 8), ("elu", 8), ("relu", 9), ("elu", 9)]
    (design,) = designs_in(read_manifest(tmp_path / "store")).values()
    assert design.looks == (6, 8, 10)
    decided("relu", "elu", wish=Wish(7, margin=0.0))
    (design,) = designs_in(read_manifest(tmp_path / "store")).values()
    assert design.looks == (6, 8, 10)


@pytest.mark.parametrize(("arm", "seed"), mostly_slow([("elu", 5), ("tanh", 2), ("relu", 6), ("elu", 7)]))
def test_after_a_break_the_same_command_comes_to_the_same(decided, tmp_path, arm, seed):
    at = arm, seed
    whole, alone, _ = decided("relu", "tanh", "elu", folder="whole")
    assert whole.complete
    if at not in alone.trained:
        pytest.fail(f"{at} is never trained, so nothing breaks there")
    with pytest.raises(KeyboardInterrupt):
        decided("relu", "tanh", "elu", executor=Pretend(halts_at=at))
    decided("relu", "tanh", "elu")
    stores = [tmp_path / name for name in ("whole", "store")]
    rows = [sorted((row["run_key"], row["test_accuracy"]) for row in read_runs(store)) for store in stores]
    assert rows[0] == rows[1]
    assert designs_in(read_manifest(stores[0])) == designs_in(read_manifest(stores[1]))
    assert len(sittings_in(read_manifest(stores[1]))) == 1


def test_a_look_with_a_failed_run_is_not_judged(decided):
    outcome, executor, events = decided("relu", "tanh", executor=Pretend({("tanh", 3): "failed"}))
    assert not outcome.complete
    assert [record.run.seed for record in outcome.broken] == [3]
    assert not lines(events)
    assert len(executor.trained) == 12
    _, again, events = decided("relu", "tanh")
    assert again.trained == [("tanh", 3)]
    assert lines(events) == ["look 1 of 3, 6 seeds: tanh better (p 0.031)"]


@pytest.mark.slow
def test_every_task_is_a_family_of_its_own(decided):
    variants = {"a": {"learning_rate": 0.1, "activation": ["relu", "tanh"]}, "b": {"activation": ["relu", "elu"]}}
    _, executor, events = decided("relu", variants=variants)
    last = lines(events)[-1]
    assert "variant" in lines(events)[0] or "a" in lines(events)[0]
    assert "tanh" not in last.split(":")[-1] or "since look 1" in last
    assert sum(arm == "tanh" for arm, _ in executor.trained) == 6
    assert sum(arm == "relu" for arm, _ in executor.trained) == 6 + sum(arm == "elu" for arm, _ in executor.trained)


def test_stored_runs_are_taken_over(decided, tmp_path):
    executor = Pretend()
    sweep(make_plan(study("relu", "tanh", most=6), executor), tmp_path / "store", Options(executor=executor))
    _, second, events = decided("relu", "tanh")
    assert not second.trained
    assert lines(events) == ["look 1 of 3, 6 seeds: tanh better (p 0.031)"]


def test_the_range_of_runs_is_known_before(tmp_path):
    executor = Pretend()
    plan = with_designs(make_plan(study("relu", "tanh", most=12), executor), tmp_path / "store", Wish(12))
    first, most = first_and_most(plan)
    assert (len(first.runs), len(most.runs)) == (12, 24)


# What cannot be


@pytest.mark.parametrize(
    ("arms", "wish", "words"),
    [
        (("relu",), Wish(10), "only relu on digits"),
        (("relu", "tanh"), Wish(10, baseline="gelu"), "--baseline 'gelu' is not among"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused(decided, tmp_path, arms, wish, words):
    with pytest.raises(UserError, match=words):
        decided(*arms, wish=wish)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("arms", "wish"),
    [
        (("relu", "tanh", "elu"), Wish(10)),
        (("relu", "tanh"), Wish(10, margin=0.01)),
        (("relu", "tanh"), Wish(10, baseline="tanh")),
    ],
)
def test_a_store_takes_one_design_for_a_family(decided, arms, wish):
    decided("relu", "tanh")
    with pytest.raises(UserError, match="holds another sequential design on digits"):
        decided(*arms, wish=wish)


@pytest.mark.slow
def test_another_family_in_the_same_store_has_its_own(decided, tmp_path):
    decided("relu", "tanh")
    other = {"base": {"model": "mlp(9)", "epochs": 1}}
    executor = Pretend()
    plan = make_plan(replace_study(study("relu", "elu"), **other), executor)
    plan = with_designs(plan, tmp_path / "store", Wish(10))
    sweep_until_decided(plan, tmp_path / "store", Wish(10), Options(executor=executor))
    designs = designs_in(read_manifest(tmp_path / "store"))
    assert sorted(tuple(design.arms) for design in designs.values()) == [("relu", "elu"), ("relu", "tanh")]


def replace_study(one, **changes):
    from msgspec.structs import replace as changed

    return changed(one, **changes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--until-decided", "--seeds", "5"], "chooses the seeds itself"),
        (["--until-decided", "--seed", "5"], "chooses the seeds itself"),
        (["--until-decided", "--max-seeds", "5"], "the first look takes 6 seeds"),
        (["--until-decided", "--margin", "-0.1"], "no difference of accuracies"),
        (["--until-decided", "--rerun"], "--rerun trains again"),
        (["--max-seeds", "9"], "--max-seeds is for --until-decided"),
        (["--margin", "0.1", "--baseline", "relu"], "--margin and --baseline is for --until-decided"),
    ],
)
def test_options_that_do_not_go_together(invoke, options, words):
    done = invoke("run", "--act", "relu", "--act", "tanh", *options)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


# What every reader makes of it


def compared(folder, **question):
    (task,) = analyse([folder], Question(**question)).tasks
    return task


def kinds(task):
    return [(warning.kind, getattr(warning, "hindrance", None)) for warning in task.warnings if "look" in warning.kind]


def test_compare_takes_the_verdicts_of_the_looks(decided, tmp_path):
    decided("relu", "tanh", "mish", wish=Wish(10, baseline="mish", margin=0.0))
    task = compared(tmp_path / "store")
    (comparison,) = task.comparisons
    assert task.baseline == "mish"
    assert comparison.limit.value == 0
    assert {row.arm: row.verdict.standing for row in comparison.rows}["tanh"] == "better"
    assert comparison.looks.taken[-1] == max(verdict.seeds for verdict in comparison.looks.verdicts.values())
    assert not kinds(task)


@pytest.mark.slow
def test_seeds_behind_the_look_that_decided_change_no_verdict(decided, tmp_path):
    decided("relu", "tanh", "elu")
    (before,) = compared(tmp_path / "store").comparisons
    executor = Pretend(dead=("tanh",))
    more = make_plan(study("relu", "tanh", "elu", most=15), executor)
    sweep(more, tmp_path / "store", Options(executor=executor))
    assert executor.trained
    task = compared(tmp_path / "store")
    (comparison,) = task.comparisons
    assert comparison.looks == before.looks
    assert not kinds(task)
    # What may fail to learn is told of the seeds that the verdict is about, too: here six that all learned.
    for row, earlier in zip(comparison.rows, before.rows, strict=True):
        assert row.verdict.failures_not_excluded == earlier.verdict.failures_not_excluded
    unseen = {row.arm: row.verdict.failures_not_excluded for row in comparison.rows}
    assert unseen["tanh"] == pytest.approx(1 - 0.025 ** (1 / 6))


def test_a_look_whose_runs_are_not_all_there_is_not_taken(decided, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        decided("relu", "elu", executor=Pretend(halts_at=("elu", 7)), wish=Wish(10, margin=0.0))
    looks = compared(tmp_path / "store").comparisons[0].looks
    assert looks.taken == (6,)
    with pytest.raises(KeyboardInterrupt):
        decided("relu", "tanh", executor=Pretend(halts_at=("tanh", 5)), folder="begun")
    comparison = compared(tmp_path / "begun").comparisons[0]
    assert comparison.looks.taken == ()
    assert comparison.rows[0].verdict.standing == "undecided"


@pytest.mark.parametrize(
    ("question", "why"),
    mostly_slow(
        [
            ({"metrics": ("test_loss",)}, "metric"),
            ({"baseline": "tanh"}, "baseline"),
            ({"margin": 0.02}, "margin"),
            ({"selection": Selection(activations=("relu", "tanh"))}, "runs"),
            ({"selection": Selection(where=("seed>0",))}, "runs"),
            ({"rule": "best"}, "rule"),
        ]
    ),
)
def test_a_comparison_that_cannot_count_the_looks_says_so(decided, tmp_path, question, why):
    from actbench.tables.measured import EpochRule

    decided("relu", "tanh", "elu")
    if "rule" in question:
        question = {"rule": EpochRule(question["rule"])}
    task = compared(tmp_path / "store", **question)
    assert task.comparisons[0].looks is None
    assert kinds(task) == [("looks not counted", why)]


def test_arms_that_were_added_later_are_no_part_of_the_family(decided, tmp_path):
    decided("relu", "tanh")
    executor = Pretend()
    sweep(make_plan(study("relu", "elu", most=6), executor), tmp_path / "store", Options(executor=executor))
    assert kinds(compared(tmp_path / "store")) == [("looks not counted", "arms")]


@pytest.mark.slow
def test_two_designs_about_the_same_runs_are_not_both_honoured(decided, tmp_path):
    decided("relu", "tanh", folder="one")
    decided("relu", "tanh", folder="two", wish=Wish(10, margin=0.01))
    (task,) = analyse([tmp_path / "one", tmp_path / "two"], Question()).tasks
    assert kinds(task) == [("looks not counted", "designs")]


def test_two_stores_of_one_design_are_one(decided, tmp_path):
    decided("relu", "tanh", folder="one")
    decided("relu", "tanh", folder="two")
    (task,) = analyse([tmp_path / "one", tmp_path / "two"], Question()).tasks
    assert not kinds(task)
    assert task.comparisons[0].looks is not None


@pytest.mark.slow
def test_what_is_printed_names_the_looks(decided, tmp_path, invoke):
    decided("relu", "tanh", "elu")
    done = invoke("compare", tmp_path / "store")
    assert "looked at 6" in done.stdout
    assert "decided tanh at 6" in done.stdout
    document = json.loads(invoke("compare", tmp_path / "store", "--json").stdout)
    looks = document["tasks"][0]["comparisons"][0]["looks"]
    assert looks["planned"] == [6, 8, 10]
    assert looks["verdicts"]["tanh"]["standing"] == "better"
    repeated = run_command(compared(tmp_path / "store"))
    assert "--until-decided --max-seeds 10 --baseline relu" in repeated


@pytest.mark.slow
def test_a_check_of_a_verdict_takes_it_from_the_looks(decided, tmp_path):
    decided("relu", "tanh", "elu")
    (result,) = analyse([tmp_path / "store"], Question(fail_if=("better(tanh, relu)",))).checks
    assert result.failed
    task = compared(tmp_path / "store")
    designs = list(designs_in(read_manifest(tmp_path / "store")).values())
    (row,) = [row for row in task.comparisons[0].rows if row.arm == "tanh"]
    assert judge_alone(task, designs, task.task.runs, "tanh", "relu", None) == row.verdict


@pytest.mark.slow
def test_a_check_that_the_looks_cannot_answer_does_not_pass(decided, tmp_path):
    """Neither against another baseline nor of an arm that came later: a plain test would say too much."""
    decided("relu", "tanh", "elu")
    text = "better(elu, tanh)"
    (result,) = analyse([tmp_path / "store"], Question(fail_if=(text,))).checks
    assert result.failed
    assert result.unknown == (text,)
    assert words.check_figures(result).endswith("(--until-decided), against another baseline")
    executor = Pretend()
    sweep(make_plan(study("relu", "mish", most=6), executor), tmp_path / "store", Options(executor=executor))
    checks = ("worse(mish, relu)", "worse(tanh, relu)")
    later, counted = analyse([tmp_path / "store"], Question(fail_if=checks)).checks
    assert later.unknown == ("worse(mish, relu)",)
    assert counted.figures == (("worse(tanh, relu)", "better"),)


@pytest.mark.slow
def test_within_any_margin_is_asked_of_the_looks(decided, tmp_path):
    decided("relu", "tanh", "mish", wish=Wish(10, margin=0.0))
    looks = compared(tmp_path / "store").comparisons[0].looks.verdicts
    asked = [(arm, margin) for arm in ("tanh", "mish") for margin in (0.0001, 0.005, 0.02, 0.04, 0.3)]
    texts = tuple(f"within({arm}, relu, {margin})" for arm, margin in asked)
    results = analyse([tmp_path / "store"], Question(fail_if=texts)).checks
    for (arm, margin), result in zip(asked, results, strict=True):
        seeds = looks[arm].seeds
        differences = [accuracy(arm, seed) - accuracy("relu", seed) for seed in range(seeds)]
        taken = [n for n in (6, 8, 10) if n <= seeds]
        assert result.failed is within_in_looks(differences, taken, margin=margin)
    assert {result.failed for result in results[:5]} == {result.failed for result in results[5:]} == {True, False}
    assert results[4].figures == ((texts[4], "better"),)


def test_claims_are_not_what_seeds_were_chosen_by(decided, tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(
        '[grid]\nactivation = ["relu", "tanh"]\n[[claims]]\ntext = "Tanh is better."\narm = "tanh"\nis = "higher"\n'
        'than = ["relu"]\nby = "test_accuracy"\n',
        encoding="utf-8",
    )
    decided("relu", "tanh", folder="results/s")
    found = review(find_case(str(path), tmp_path / "results"), None)
    (warning,) = [one for one in found.findings.warnings if one.kind == "looks not counted"]
    assert "p-values of the claims are not adjusted" in words.warning(warning)


def test_watching_programs_hear_of_looks(decided, tmp_path):
    _, _, events = decided("relu", "tanh")
    listen = LOGGERS["jsonl"].listener(tmp_path)
    for event in events:
        listen(event)
    last = json.loads((tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert last == {"event": "looked", "seeds": 6, "text": ["look 1 of 3, 6 seeds: tanh better (p 0.031)"]}


def test_equal_arms_and_those_that_never_learn_are_named_at_a_look(decided):
    _, _, events = decided("relu", "elu", executor=Pretend(dead={"elu"}), wish=Wish(10, margin=0.5))
    assert lines(events) == ["look 1 of 3, 6 seeds: elu learns less often (p 0.031)"]
    _, _, events = decided("relu", "elu", "tanh", wish=Wish(10, margin=0.04), folder="equal")
    assert lines(events) == ["look 1 of 3, 6 seeds: elu equal within 4 pp, tanh better (p 0.031)"]


def test_a_manifest_that_somebody_spoiled_is_named(decided, tmp_path, invoke):
    decided("relu", "tanh")
    path = tmp_path / "store" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for part in ({"designs": {"x": {"metric": 3}}}, {"sittings": [{"at": "x", "study": "s", "seeds": "0-"}]}):
        path.write_text(json.dumps(manifest | part), encoding="utf-8")
        done = invoke("compare", tmp_path / "store")
        assert done.returncode == 2
        assert "is not a manifest" in done.stderr


# Stores that grew without it


class Clocked(Pretend):
    """Whose runs begin at a time that is told."""

    def __init__(self, time, **more):
        super().__init__(**more)
        self.time = time

    def clock(self):
        return self.time


@pytest.fixture
def swept(tmp_path, monkeypatch):
    """Sweep so many seeds on a day of November."""

    def carry_out(arms, most, day, halts_at=None):
        time = f"2026-11-{day:02}T10:00:00+00:00"
        monkeypatch.setattr("actbench.execution.sweep.now", lambda: time)
        executor = Clocked(time, halts_at=halts_at)
        sweep(make_plan(study(*arms, most=most), executor), tmp_path / "store", Options(executor=executor))

    return carry_out


def test_a_store_that_grew_after_a_test_was_possible_says_so(swept, tmp_path):
    swept(["relu", "tanh"], 6, day=1)
    swept(["relu", "tanh"], 9, day=2)
    (warning,) = [found for found in compared(tmp_path / "store").warnings if found.kind == "grew between looks"]
    assert warning.arms == ("relu", "tanh")
    assert warning.before == 6


def test_what_went_on_after_a_break_did_not_grow(swept, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        swept(["relu", "tanh"], 10, day=1, halts_at=("tanh", 8))
    swept(["relu", "tanh"], 10, day=2)
    assert not kinds(compared(tmp_path / "store"))
    assert len(sittings_in(read_manifest(tmp_path / "store"))) == 1


def stopped(folder, **question):
    return [found for found in compared(folder, **question).warnings if found.kind == "stopped early"]


@pytest.mark.slow
def test_a_sweep_that_was_stopped_when_a_test_was_possible_says_so(swept, tmp_path):
    """Who looks while it trains, and stops when it is better, has looked after every seed."""
    with pytest.raises(KeyboardInterrupt):
        swept(["relu", "tanh"], 30, day=1, halts_at=("tanh", 8))
    (warning,) = stopped(tmp_path / "store")
    assert words.warning(warning) == (
        "8 of the 30 seeds that were asked for are there (relu, tanh): the verdicts hold only if it was not stopped "
        "for what they show."
    )
    # Whatever is looked at of them, and however small a number is asked for next.
    assert stopped(tmp_path / "store", selection=Selection(where=("seed<7",)))
    swept(["relu", "tanh"], 9, day=2)
    (warning,) = stopped(tmp_path / "store")
    assert (warning.there, warning.asked) == (9, 30)
    swept(["relu", "tanh"], 30, day=3)
    assert not stopped(tmp_path / "store")


def test_a_sweep_that_was_stopped_before_a_test_was_possible_did_not_choose(swept, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        swept(["relu", "tanh"], 30, day=1, halts_at=("relu", 5))
    assert not stopped(tmp_path / "store")


def test_what_was_looked_at_does_not_hide_seeds_that_are_there(swept, tmp_path):
    swept(["relu", "tanh"], 10, day=1)
    assert not stopped(tmp_path / "store", selection=Selection(where=("seed<7",)))


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"looks": [8, 6]}, "the looks must rise: [8, 6]"),
        ({"looks": []}, "the looks must rise: []"),
        ({"alpha": 0.01}, "nothing can be spent of 0.01 with 6 seeds"),
        ({"spending": "pocock"}, "only, not by 'pocock'"),
    ],
)
def test_a_design_that_cannot_be_is_one_clear_sentence(decided, tmp_path, invoke, part, message):
    decided("relu", "tanh")
    path = tmp_path / "store" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    (design,) = manifest["designs"].values()
    design.update(part)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    done = invoke("compare", tmp_path / "store")
    assert done.returncode == 2
    assert f"is not a manifest: {'the error can be spent by' if 'spending' in part else message}" in done.stderr
    assert message in done.stderr


def test_verdicts_are_told_at_the_designs_own_error(decided, tmp_path):
    decided("relu", "tanh")
    path = tmp_path / "store" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    (design,) = manifest["designs"].values()
    design["alpha"] = 0.1
    path.write_text(json.dumps(manifest), encoding="utf-8")
    (comparison,) = compared(tmp_path / "store").comparisons
    assert "all arms at 10 %" in words.explain_looks(comparison.looks)


def test_what_grew_before_a_test_was_possible_is_no_second_look(swept, tmp_path):
    swept(["relu", "tanh"], 5, day=1)
    swept(["relu", "tanh"], 9, day=2)
    assert not kinds(compared(tmp_path / "store"))


def test_another_arm_with_more_seeds_is_no_second_look(swept, tmp_path):
    swept(["relu"], 9, day=1)
    swept(["relu", "tanh"], 9, day=2)
    assert not kinds(compared(tmp_path / "store"))


@pytest.mark.slow
def test_a_design_that_came_after_a_look_does_not_undo_it(swept, decided, tmp_path, monkeypatch):
    swept(["relu", "elu"], 6, day=1)
    time = "2026-11-02T10:00:00+00:00"
    monkeypatch.setattr("actbench.execution.sweep.now", lambda: time)
    decided("relu", "elu", executor=Clocked(time), wish=Wish(10, margin=0.0))
    assert kinds(compared(tmp_path / "store")) == [("grew between looks", None)]


def test_seeds_are_written_as_spans():
    assert seeds_text([3, 0, 1, 2, 10]) == "0-3,10"
    sitting = Sitting(at="", study="", seeds="0-3,10")
    assert sitting.asked == {0, 1, 2, 3, 10}
