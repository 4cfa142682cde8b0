"""Whatever is handed to the program, it answers, or refuses in a sentence: no traceback, no hang, no gigabytes.

``python -m pytest tests/faults -m slow`` tries 100,000 cases and prints what became of them; ``--cases`` says another
number. The quick suite tries a few hundred, the same ones each time.
"""

import hashlib
import io
import json
import logging
import math
import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import partial

import containers
import inputs
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from synthetic import Arm, Task, record, write
from trial import Trial

from actbench import datasets
from actbench.cli.options import console
from actbench.datasets import DatasetInfo, Request
from actbench.datasets.published.decoders import pickles
from actbench.errors import UserError
from actbench.execution.plan import stored_plan
from actbench.lazy import load
from actbench.reports.formats import FORMATS
from actbench.reports.sheet import View
from actbench.reports.sheet.comparison import ComparisonSheet
from actbench.results.checkpoint import Checkpoint
from actbench.results.columns import run_row
from actbench.results.frames import run_frames
from actbench.results.read import read_manifest, read_runs
from actbench.results.store import Store
from actbench.results.text import as_cell
from actbench.studies.article import read_article
from actbench.studies.expand import expand
from actbench.studies.file import read_study
from actbench.studies.settings import NAMED
from actbench.studies.study import Study
from actbench.tables.checks import Known, parse_check, run_checks
from actbench.tables.findings import Question, analyse, judge_alone
from actbench.tables.metrics import parse_metrics
from actbench.tables.select import Selection, select

SHARES = {
    "spellings": 25, "expressions": 18, "archives": 15, "studies": 16, "published": 10, "checkpoints": 5, "tables": 3,
    "manifests": 3, "commands": 3, "providers": 1, "records": 1,
}  # fmt: skip
"""How many of a hundred cases each kind has."""
CHUNK = 1000
PLAIN_DATA = DatasetInfo(
    sha256="ab" * 32, classes=10, input_shape=(8, 8, 1), train_size=1000, val_size=0, test_size=100
)


def small_store(folder, **more):
    arms = [Arm(name, seeds=(0, 1)) for name in ("relu", "mish", "swish(beta=2)")]
    return write(folder, [(Task(epochs=3), arms)], checks=("test_accuracy(mish) < 0.1",), **more)


def spellings(tmp_path):
    return inputs.SPELLINGS, lambda case: NAMED[case[0]](case[1])


def providers(tmp_path):
    return inputs.PROVIDED, lambda case: NAMED[case[0]](case[1])


def expressions(tmp_path):
    store = small_store(tmp_path / "store")
    runs, thresholds = run_frames([store])
    findings = analyse([store], Question())
    known = {
        item.task.distinction: Known(item.arms, partial(judge_alone, item, [], findings.runs))
        for item in findings.tasks
    }

    def asked(**question):
        written(analyse([store], Question(**question)))

    # What is wrong is found where it is parsed; to read a store before that would only cost time.
    def check(said):
        parsed = parse_check(said)
        if parsed.thresholds:
            asked(fail_if=(said,))
        else:
            run_checks([parsed], known)

    ask = {
        "--columns": lambda said: written(findings, View(columns=tuple(said))),
        "--sort": lambda said: written(findings, View(sort=said)),
        "--where": lambda said: select(runs, Selection(where=(said,))),
        "--act": lambda said: select(runs, Selection(activations=(said,))),
        "--fail-if": check,
        "--metric": lambda said: parse_metrics((said,), thresholds) and asked(metrics=(said,)),
        "--threshold": lambda said: asked(thresholds=tuple(said)),
        "--baseline": lambda said: asked(baseline=said),
        "--margin": lambda said: asked(margin=said),
    }
    return inputs.EXPRESSIONS, lambda case: ask[case[0]](case[1])


def written(findings, view=View()):  # noqa: B008 - a view does not change
    """What ``compare`` would write, in the form that shows most."""
    return FORMATS["csv"].write(ComparisonSheet(findings, view), console(plain=True))


def studies(tmp_path):
    path = tmp_path / "study.toml"

    def read(content):
        path.write_bytes(content)
        study = read_study(path)
        read_article(path)
        runs = expand(study, lambda _: PLAIN_DATA, lambda *_: "cpu")
        assert len({run.key for run, _ in runs}) == len(runs)

    return inputs.STUDIES, read


def archives(tmp_path):
    path = tmp_path / "data.npz"

    def load(content):
        path.write_bytes(content)
        loaded = datasets.load(Request(str(path), dtype="float32"))
        for array in (loaded.x_train, loaded.x_test):
            assert math.isfinite(float(abs(array).max())), "what is scaled is a number"

    return inputs.ARCHIVES, load


def published(tmp_path):
    """Files of every format in which data is published, damaged as they lie, and pickles under what packs them."""
    good, readers = {}, {"pickle": lambda: pickles.unpickled((tmp_path / "pickle").read_bytes())}
    for name in containers.FORMATS:
        folder = tmp_path / name
        folder.mkdir()
        paths, _, readers[name] = containers.written(name, folder)
        good[name] = [(path, path.read_bytes()) for path in paths]
    batch = containers.batches(containers.made_up(containers.FEW))["batches/one"]
    good["pickle"] = [(tmp_path / "pickle", containers.Python2.pickle(one)) for one in (batch, containers.texts(5))]

    def read(case):
        name, path, content = case
        for whole, sound in good[name]:
            whole.write_bytes(sound)
        path.write_bytes(content)
        try:
            readers[name]()
        except ValueError as error:
            raise UserError(str(error)) from None

    spoiled = [
        inputs.st.tuples(inputs.st.just(name), inputs.st.just(path), inputs.damaged(content))
        for name, files in good.items()
        for path, content in files
    ]
    return inputs.st.one_of(*spoiled), read


def tables(tmp_path):
    # One as it is written today, and one as of the first version, whose runs do not carry a digest of their epochs.
    wholes = [
        small_store(tmp_path / "today"),
        small_store(tmp_path / "first", edit=lambda row: row | {"schema_version": 1, "epochs_digest": ""}),
    ]
    good = [{name: (whole / name).read_bytes() for name in ("runs.csv", "epochs.csv")} for whole in wholes]
    store = small_store(tmp_path / "store")

    def use(case):
        which, name, content = case
        for file, sound in good[which].items():
            (store / file).write_bytes(content if file == name else sound)
        try:
            written(analyse([store], Question()))
        finally:
            with Store.open(store) as opened:
                opened.append(NEW)

    def spoiled(which, name):
        content = good[which][name]
        return inputs.st.tuples(
            inputs.st.just(which), inputs.st.just(name), inputs.damaged(content) | inputs.changed_cells(content)
        )

    return inputs.st.one_of(*(spoiled(which, name) for which in (0, 1) for name in good[which])), use


NEW = record(Task(epochs=3), Arm("tanh"), 0)


def records(tmp_path):
    """What is stored is read again as it was, and its store with it; what could not be is refused before."""
    store = small_store(tmp_path / "store")
    good = {name: (store / name).read_bytes() for name in ("runs.csv", "epochs.csv", "manifest.json")}

    def keep(case):
        for name, content in good.items():
            (store / name).write_bytes(content)
        try:
            versions = replace(NEW.versions, **case["versions"])
            epochs = (*NEW.epochs[:-1], replace(NEW.epochs[-1], **case["epoch"]))
            new = replace(NEW, run=replace(NEW.run, **case["run"]), epochs=epochs, versions=versions, **case["record"])
        except ValueError as error:  # a run that fails
            raise UserError(str(error)) from None
        with Store.open(store) as opened:
            opened.append(new)
            opened.write_manifest({"studies": {new.run.study: {}}, "versions": {"error": new.error}})
        with Store.open(store) as opened:
            assert opened.statuses[new.run.key] == new.status
        (row,) = (row for row in read_runs(store) if row["run_key"] == new.run.key)
        for name, cell in run_row(new).items():
            wanted = "" if cell is None else str(cell)
            assert row[name] == (wanted if hasattr(new.run, name) else as_cell(wanted)), name
        assert read_manifest(store)["versions"]["error"] == new.error
        assert new.run.study in read_manifest(store)["studies"]
        written(analyse([store], Question()))

    return inputs.changed_records(), keep


def manifests(tmp_path):
    store = small_store(tmp_path / "store")
    path = store / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["datasets"] = {"digits": {"sha256": "ab" * 32, "classes": 10, "input_shape": [8, 8, 1], "train_size": 1437,
                                       "val_size": 0, "test_size": 360}}  # fmt: skip
    good = json.dumps(document)

    def use(content):
        path.write_bytes(content)
        try:
            written(analyse([store], Question()))
            stored_plan(Study(), store)
        finally:
            path.write_bytes(content)
            with Store.open(store) as opened:
                opened.write_manifest({"studies": {"one": {}}, "datasets": {}, "versions": {}})

    changed = inputs.changed_json(good).map(str.encode)
    return changed | inputs.damaged(good.encode()), use


def checkpoints(tmp_path):
    stream = np.random.RandomState(0).get_state()
    state = Checkpoint("ab" * 8, tuple(NEW.epochs), [np.ones((2, 3)), np.zeros(3)], stream, 1.0, 2.0, 1)
    good = state.to_bytes()
    line, _, archive = good.partition(b"\n")
    mark = line.rpartition(b" ")[0]

    def use(case):
        forged, content = case
        with Store.open(tmp_path / "store") as store:
            (store.folder / "checkpoints").mkdir(exist_ok=True)
            path = store.folder / "checkpoints" / f"{state.run_key}.npz"
            path.write_bytes(content)
            loaded = store.load_checkpoint(state.run_key)
            assert path.exists() == (loaded is not None)
            assert forged or loaded is None or loaded.to_bytes() == good, "a checkpoint that was changed is used"

    def sealed(content):
        return b"%s %s\n%s" % (mark, hashlib.sha256(content).hexdigest().encode(), content)

    damaged = inputs.damaged(good) | inputs.st.binary(max_size=99)
    forged = inputs.damaged(archive).map(sealed)  # by somebody who knows how
    return inputs.st.tuples(inputs.st.just(False), damaged) | inputs.st.tuples(inputs.st.just(True), forged), use  # noqa: FBT003


def commands(tmp_path):
    import sys

    from actbench.cli import main

    small_store(tmp_path / "store")
    # TensorFlow alone takes a slow processor five seconds to import, which are no fault of the first case to need it.
    load("keras")

    def call(words):
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(tmp_path)
            patch.setattr(sys, "argv", ["actbench", *words])
            patch.setattr("actbench.cli.crash_message", _reraise)
            with pytest.raises(SystemExit) as end:
                main()
        live = CONTROLS.findall(out.getvalue() + err.getvalue())
        assert not live, f"characters that command a terminal: {live[:3]}"
        if end.value.code == 2:
            raise UserError(err.getvalue())
        assert end.value.code in (None, 0, 1), end.value.code

    return inputs.commands(), call


CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _reraise(error):
    raise error


def tried(kind, number, cases, tmp_path, **more):
    """Try so many cases of a kind; ``number`` chooses which."""
    strategy, work = globals()[kind](tmp_path)
    trial = Trial(kind)

    @seed(number)
    @settings(
        max_examples=cases, deadline=None, database=None, phases=[Phase.generate], derandomize=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def each(case):
        trial(case, lambda: work(case))

    logging.disable(logging.WARNING)
    try:
        each()
    finally:
        logging.disable(logging.NOTSET)
    return trial


@pytest.mark.filterwarnings(
    "ignore::SyntaxWarning", "ignore::DeprecationWarning:<unknown>", "ignore::hypothesis.errors.HypothesisWarning"
)
@pytest.mark.parametrize("kind", [kind for kind in SHARES if kind != "providers"])  # which wait for Keras
def test_a_few_cases_of_each_kind(tmp_path, kind):
    tried(kind, 0, 4 + 2 * SHARES[kind], tmp_path).check()


BLANKS = " " * 70_000
FOUND = [
    ("spellings", ("activation", f"none{BLANKS}")),
    ("spellings", ("optimizer", "adam(weight_decay={{''}: ''})")),
    ("expressions", ("--where", f"a>{{{BLANKS}}}")),
    ("expressions", ("--where", f"a{BLANKS}<{BLANKS}b{BLANKS}")),
    ("expressions", ("--metric", f"epochs-to:{BLANKS}x")),
    ("tables", (1, "runs.csv", b"schema_version,run_key,activation,status,test_accuracy\n\xc2\xb2,a,relu,ok,0.5\n")),
]


@pytest.mark.parametrize(("kind", "case"), FOUND, ids=range(len(FOUND)))
def test_what_was_found_once_is_not_found_again(tmp_path, kind, case):
    _, work = globals()[kind](tmp_path)
    trial = Trial(kind)
    trial(case, lambda: work(case))
    trial.check()
    assert trial.refused


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::SyntaxWarning", "ignore::DeprecationWarning:<unknown>", "ignore::hypothesis.errors.HypothesisWarning"
)
def test_very_many_cases(tmp_path, fuzz_chunk, record_property):
    kind, number, cases = fuzz_chunk
    trial = tried(kind, number + 1, cases, tmp_path)
    record_property("trial", trial.report)
    assert trial.cases
    trial.check()


def chunks(cases):
    """All the cases, in parts that can be shared out: kind, number, and how many."""
    parts = []
    for kind, share in SHARES.items():
        left, number = cases * share // 100, 0
        while left > 0:
            parts.append((kind, number, min(left, CHUNK)))
            left, number = left - CHUNK, number + 1
    # All kinds in turn: what is broken off half way has tried half of each.
    return sorted(parts, key=lambda part: part[1])


def pytest_generate_tests(metafunc):
    if "fuzz_chunk" in metafunc.fixturenames:
        parts = chunks(metafunc.config.getoption("--cases"))
        metafunc.parametrize("fuzz_chunk", parts, ids=[f"{kind}-{number}" for kind, number, _ in parts])
