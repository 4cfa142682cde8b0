"""Whatever is handed to the program, it answers, or refuses in a sentence: no traceback, no hang, no gigabytes.

``python -m pytest tests/faults -m slow`` tries 100,000 cases and prints what became of them; ``--cases`` says another
number. The quick suite tries a few hundred, the same ones each time.
"""

import json
import logging
import math
from pathlib import Path

import inputs
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from synthetic import Arm, Task, record, write
from trial import Trial

from actbench import datasets
from actbench.cli.options import checked_thresholds, console
from actbench.datasets import DatasetInfo, Request
from actbench.execution.plan import Plan, stored_plan
from actbench.results.checkpoint import Checkpoint
from actbench.results.columns import Epoch, Run
from actbench.results.store import Store
from actbench.studies.article import read_article
from actbench.studies.expand import expand
from actbench.studies.file import read_study
from actbench.studies.settings import NAMED
from actbench.studies.study import Study
from actbench.tables.findings import Question, analyse
from actbench.tables.select import Selection

SHARES = {
    "spellings": 25, "expressions": 20, "studies": 15, "archives": 17, "tables": 10, "manifests": 6, "checkpoints": 5,
    "providers": 2,
}  # fmt: skip
"""How many of a hundred cases each kind has."""
CHUNK = 1000
PLAIN_DATA = DatasetInfo(sha256="ab" * 32, classes=10, input_shape=(8, 8, 1), train_size=1000, val_size=0, test_size=100)


def small_store(folder):
    return write(folder, [(Task(epochs=3), [Arm("relu", seeds=(0, 1)), Arm("mish", seeds=(0, 1)), Arm("swish(beta=2)", seeds=(0, 1))])],
                 checks=("test_accuracy(mish) < 0.1",))


def spellings(tmp_path):
    return inputs.SPELLINGS, lambda case: NAMED[case[0]](case[1])


def providers(tmp_path):
    return inputs.PROVIDED, lambda case: NAMED[case[0]](case[1])


def expressions(tmp_path):
    store = small_store(tmp_path / "store")

    def ask(case):
        option, said = case
        columns, sort, question = (), None, {}
        match option:
            case "--columns":
                columns = tuple(said)
            case "--sort":
                sort = said
            case "--fail-if":
                question = {"fail_if": (said,)}
            case "--where":
                question = {"selection": Selection(where=(said,))}
            case "--act":
                question = {"selection": Selection(activations=(said,))}
            case "--metric":
                question = {"metrics": (said,)}
            case "--threshold":
                question = {"thresholds": checked_thresholds(said)}
            case _:
                question = {option.removeprefix("--"): said}
        printed([store], Question(**question), columns, sort)

    return inputs.EXPRESSIONS, ask


def printed(stores, question, columns=(), sort=None):
    """What ``compare`` would print, as the table, which shows most."""
    from actbench.reports.formats import FORMATS
    from actbench.reports.sheet import View
    from actbench.reports.sheet.comparison import ComparisonSheet

    sheet = ComparisonSheet(analyse(stores, question), View(columns=columns, sort=sort))
    return FORMATS["csv"].write(sheet, console(plain=True))


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


def tables(tmp_path):
    whole = small_store(tmp_path / "whole")
    good = {name: (whole / name).read_bytes() for name in ("runs.csv", "epochs.csv")}
    store = small_store(tmp_path / "store")

    def use(case):
        name, content = case
        for file, sound in good.items():
            (store / file).write_bytes(content if file == name else sound)
        try:
            printed([store], Question())
        finally:
            with Store.open(store) as opened:
                opened.append(NEW)

    tried = inputs.st.sampled_from(list(good)).flatmap(
        lambda name: inputs.st.tuples(
            inputs.st.just(name), inputs.damaged(good[name]) | inputs.changed_cells(good[name])
        )
    )
    return tried, use


NEW = record(Task(epochs=3), Arm("tanh"), 0)


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
            printed([store], Question())
            stored_plan(Study(), store)
        finally:
            path.write_bytes(content)
            with Store.open(store) as opened:
                opened.write_manifest({"studies": {"one": {}}, "datasets": {}, "versions": {}})

    changed = inputs.changed_json(good).map(str.encode)
    return changed | inputs.damaged(good.encode()), use


def checkpoints(tmp_path):
    import numpy as np

    stream = np.random.RandomState(0).get_state()
    state = Checkpoint("ab" * 8, tuple(NEW.epochs), [np.ones((2, 3)), np.zeros(3)], stream, 1.0, 2.0)
    good = state.to_bytes()

    def use(content):
        with Store.open(tmp_path / "store") as store:
            (store.folder / "checkpoints").mkdir(exist_ok=True)
            path = store.folder / "checkpoints" / f"{state.run_key}.npz"
            path.write_bytes(content)
            loaded = store.load_checkpoint(state.run_key)
            assert loaded is None or loaded.to_bytes() == good, "a checkpoint that was changed is used"
            assert path.exists() == (loaded is not None)

    return inputs.damaged(good) | inputs.st.binary(max_size=99), use


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


@pytest.mark.parametrize("kind", [kind for kind in SHARES if kind != "providers"])  # which wait for Keras
def test_a_few_cases_of_each_kind(tmp_path, kind):
    tried(kind, 0, 4 + 2 * SHARES[kind], tmp_path).check()


@pytest.mark.slow
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
    return parts


def pytest_generate_tests(metafunc):
    if "fuzz_chunk" in metafunc.fixturenames:
        parts = chunks(metafunc.config.getoption("--cases"))
        metafunc.parametrize("fuzz_chunk", parts, ids=[f"{kind}-{number}" for kind, number, _ in parts])
