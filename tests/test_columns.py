"""One declaration a column: what a new one touches, and that it changes nothing that is stored."""

import csv
import hashlib
import json
from pathlib import Path

import pytest
from later import Later

from actbench.registry import Choice
from actbench.results.column import Role, columns_of, setting
from actbench.results.columns import EPOCH_COLUMNS, RUN_COLUMNS, SETTINGS, Run
from actbench.studies.file import TOP, keys_of

REPOSITORY = Path(__file__).parent.parent
FIELD = """    clip_norm: float | None = setting(
        Annotated[float, Meta(gt=0)] | None, default=None, neutral=None, option="--clip-norm",
        key="training.clip_norm", since=3,
    )

"""
OPTION = (
    "    clip_norm: Annotated[float | None, typer.Option(help='Largest norm of a gradient. Default: any.')] = None,\n"
)
KEYS = """
import json
from pathlib import Path
from actbench.execution.plan import stored_plan
from actbench.execution.reproduce import find_case, studies
cases = [find_case(name, Path("results")) for name in studies()]
print(json.dumps({case.study.name: stored_plan(case.study, case.store).keys for case in cases}))
"""


@pytest.fixture(scope="module")
def later(tmp_path_factory):
    """A version with a setting more: two places, and here no code that obeys it."""
    later = Later(tmp_path_factory.mktemp("later"))
    later.add("results/columns.py", "    @property\n    def definition(self)", FIELD)
    later.add("cli/run.py", "    backend: Annotated[", OPTION)
    return later


def stored(name):
    with (REPOSITORY / "results" / name / "runs.csv").open(encoding="utf-8", newline="") as file:
        return {row["run_key"] for row in csv.DictReader(file)}


def test_a_new_setting_changes_the_key_of_no_stored_run(later):
    done = later.python(KEYS, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    keys = json.loads(done.stdout)
    assert keys.keys() == {path.stem for path in (REPOSITORY / "configs").glob("*.toml")}
    for name, planned in keys.items():
        assert set(planned) == stored(name)


def test_a_new_setting_is_asked_for_stored_read_filtered_and_repeated(later, tmp_path):
    study = tmp_path / "study.toml"
    study.write_text(
        'model = "mlp(4)"\n[data]\nname = "digits"\nlimit = 50\n[training]\nepochs = 1\nbatch_size = 50\n'
        "[grid]\nclip_norm = [0.5, 2]\n",
        encoding="utf-8",
    )
    done = later.program("run", study, "--results", "r", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "r" / "runs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["schema_version"], row["clip_norm"]) for row in rows] == [("3", "0.5"), ("3", "2.0")]
    assert len({row["run_key"] for row in rows}) == 2
    found = json.loads(later.program("compare", "r", "--json", cwd=tmp_path).stdout)
    assert [task["settings"]["clip_norm"] for task in found["tasks"]] == [0.5, 2.0]
    assert [task["title"].rpartition(" · ")[2] for task in found["tasks"]] == ["clip norm 0.5", "clip norm 2"]
    page = later.program("compare", "r", "--where", "clip_norm>1", "--format", "html", cwd=tmp_path).stdout
    assert ("--clip-norm 2" in page, "--clip-norm 0.5" in page) == (True, False)
    asked = later.program("run", study, "--clip-norm", "7", "--results", "r", "--dry-run", "--json", cwd=tmp_path)
    assert (json.loads(asked.stdout)["runs"], json.loads(asked.stdout)["stored"]) == (1, 0)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--clip-norm", "-1"], "--clip-norm cannot be -1.0: it must be a number > 0.0"),
        (["study.toml"], "study.toml: training.clip_norm is 'no': it must be a number, not `str`"),
    ],
)
def test_a_new_settings_values_are_checked(later, tmp_path, words, says):
    (tmp_path / "study.toml").write_text("[training]\nclip_norm = 'no'\n", encoding="utf-8")
    done = later.program("run", *words, cwd=tmp_path)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr


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
