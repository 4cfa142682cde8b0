"""One declaration a column: what a new one touches, and that it changes nothing that is stored."""

import csv
import hashlib
import json
from pathlib import Path

import pytest
from later import Later

from actbench.registry import Choice
from actbench.results.column import Role, columns_of, setting
from actbench.results.columns import EPOCH_COLUMNS, RUN_COLUMNS, SCHEMA_VERSION, SETTINGS, Run
from actbench.studies.file import TOP, keys_of

REPOSITORY = Path(__file__).parent.parent
# Names that no real setting will have, and a version that no real column has yet.
FIELDS = f"""    pretend_limit: float | None = setting(
        Annotated[float, Meta(gt=0)] | None, default=None, neutral=None, option="--pretend-limit",
        key="training.pretend_limit", since={SCHEMA_VERSION + 1},
    )
    pretend_keep: float = setting(
        Annotated[float, Meta(ge=0, le=1)], default=1.0, neutral=1.0, option="--pretend-keep",
        key="training.pretend_keep", since={SCHEMA_VERSION + 1},
    )

"""
OPTIONS = """    pretend_limit: Annotated[float | None, typer.Option(help='Of something. Default: any.')] = None,
    pretend_keep: Annotated[float | None, typer.Option(help='A part of something. Default: 1.')] = None,
"""
KEYS = """
import json
from pathlib import Path
from actbench.execution.plan import plan_from_store
from actbench.execution.reproduce import find_case, studies
from actbench.results.columns import SCHEMA_VERSION
cases = [case for name in studies() if (case := find_case(name, Path("results"))).store.is_dir()]
keys = {case.study.name: plan_from_store(case.study, case.store).keys for case in cases}
print(json.dumps([SCHEMA_VERSION, keys]))
"""
SMALL = ["--model", "mlp(4)", "--limit", 50, "--batch-size", 50, "--epochs", 1, "--device", "cpu"]


@pytest.fixture(scope="module")
def later(tmp_path_factory):
    """A version with two settings more, in two places; here no code obeys them."""
    later = Later(tmp_path_factory.mktemp("later"))
    later.add("results/columns.py", "    @property\n    def definition(self)", FIELDS)
    later.add("cli/run.py", "    backend: Annotated[", OPTIONS)
    return later


def stored(name):
    with (REPOSITORY / "results" / name / "runs.csv").open(encoding="utf-8", newline="") as file:
        return {row["run_key"] for row in csv.DictReader(file)}


def test_a_new_setting_changes_the_key_of_no_stored_run(later):
    version, keys = json.loads(later.python(KEYS, cwd=REPOSITORY, check=0).stdout)
    assert version == SCHEMA_VERSION + 1
    articles = {path.stem for path in (REPOSITORY / "configs").glob("*.toml")}
    assert keys.keys() == {name for name in articles if (REPOSITORY / "results" / name).is_dir()}
    assert keys
    for name, planned in keys.items():
        assert stored(name) <= set(planned)


@pytest.fixture(scope="module")
def asked(later, tmp_path_factory):
    """A folder with a study of both settings, and its store: a run that leaves ``pretend_keep`` alone, and one not."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "study.toml").write_text(
        "[training]\npretend_limit = 0.5\n[grid]\npretend_keep = [0, 1]\n", encoding="utf-8"
    )
    later.program("run", "study.toml", *SMALL, "--results", "r", "--quiet", cwd=folder, check=0)
    return folder


@pytest.mark.slow
def test_a_new_setting_is_stored_and_in_the_key(asked):
    with (asked / "r" / "runs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    version = str(SCHEMA_VERSION + 1)
    found = [(row["schema_version"], row["pretend_limit"], row["pretend_keep"]) for row in rows]
    assert found == [(version, "0.5", "0.0"), (version, "0.5", "1.0")]
    assert len({row["run_key"] for row in rows}) == 2


@pytest.mark.slow
def test_a_new_setting_tells_tasks_apart_filters_and_is_repeated(asked, later):
    found = json.loads(later.program("compare", "r", "--json", cwd=asked, check=0).stdout)
    settings = [task["settings"] for task in found["tasks"]]
    assert [(one["pretend_limit"], one["pretend_keep"]) for one in settings] == [(0.5, 0), (0.5, 1)]
    assert [task["title"].rpartition(" · ")[2] for task in found["tasks"]] == ["pretend keep 0", "pretend keep 1"]
    pages = [
        later.program("compare", "r", "--where", where, "--format", "html", cwd=asked, check=0).stdout
        for where in ("pretend_keep<1", "pretend_keep=1")
    ]
    for page, other in zip(pages, (True, False), strict=True):
        assert "--pretend-limit 0.5" in page
        assert "pretend limit 0.5" in page
        # What is not the neutral value is said, also where it is a zero; the neutral one is not.
        assert ("--pretend-keep 0" in page, "pretend keep 0" in page) == (other, other)
        assert "--pretend-keep 1" not in page


@pytest.mark.slow
def test_a_new_setting_is_asked_for_and_checked(asked, later):
    words = ["run", "study.toml", *SMALL, "--results", "r", "--dry-run", "--json"]
    for more, runs, known in ([[], 2, 2], [["--pretend-keep", 0], 1, 1], [["--pretend-limit", 7], 2, 0]):
        told = json.loads(later.program(*words, *more, cwd=asked, check=0).stdout)
        assert (told["runs"], told["stored"]) == (runs, known), more
    wrong = later.program("run", "--pretend-limit", -1, cwd=asked, check=2)
    assert "--pretend-limit cannot be -1.0: it must be a number > 0.0" in wrong.stderr
    (asked / "wrong.toml").write_text("[training]\npretend_keep = 'no'\n", encoding="utf-8")
    wrong = later.program("run", "wrong.toml", cwd=asked, check=2)
    assert "wrong.toml: training.pretend_keep is 'no': it must be a number, not `str`" in wrong.stderr


def test_a_later_setting_needs_a_neutral_value():
    with pytest.raises(TypeError, match="their keys would change"):
        setting(float, default=0.0, option="--x", since=2)


def test_a_neutral_value_is_left_out_of_the_key_and_any_other_is_in_it():
    values = {"study": "", "variant": "", "activation": Choice("relu", "relu"), "dataset": "d", "dataset_sha256": "0"}
    values |= {"limit": None, "validation_split": 0.0, "model": Choice("m", "m"), "optimizer": Choice("o", "o")}
    values |= {"learning_rate": 0.1, "batch_size": 1, "epochs": 1, "patience": None, "initializer": "i"}
    values |= {"precision": "float32", "deterministic": False, "seed": 0, "device": "cpu"}
    run, other = Run(**values), Run(**values, backend="another")
    assert run.backend == "tensorflow"
    assert "backend" not in run.definition
    # The very text that the first version hashed, with None and zeros in it.
    assert run.definition.keys() == values.keys() - {"study", "variant", "dataset"}
    hashed = {name: getattr(value, "definition", value) for name, value in values.items() if name in run.definition}
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"))
    assert run.key == hashlib.sha256(text.encode()).hexdigest()[:16]
    assert other.definition["backend"] == "another"
    assert len({run.key, other.key, run.arm, other.arm}) == 4


def test_every_setting_can_be_asked_for_on_the_command_line_and_in_a_file(invoke):
    text = " ".join(invoke("run", "--help").stdout.split())
    for name, column in SETTINGS.items():
        assert column.option in text, name
        place, _, key = column.key.rpartition(".")
        assert column.key == "" or keys_of(place)[key] == name
    assert {"model", "data", "training"} <= set(TOP)
    assert [name for name, column in SETTINGS.items() if not column.key] == ["activation", "seed"]


def test_names_roles_and_titles_are_whole():
    for table in (RUN_COLUMNS, EPOCH_COLUMNS):
        names = [column.name for column in table]
        assert len(set(names)) == len(names)
        assert {column.type for column in table} <= {int, float, str, bool}
        assert all(column.on_paper for column in table)
    assert {column.role for column in RUN_COLUMNS} == set(Role)
    assert [column.name for column in columns_of(Run)][:3] == ["study", "variant", "activation"]
