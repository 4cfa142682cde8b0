"""The command line as people and scripts meet it: help, results, messages, exit codes, signals, pipes."""

import csv
import json
import os
import pty
import re
import select
import shutil
import signal

import numpy as np
import pytest
from conftest import INSTALLED, begin, mostly_slow, program, small_arrays, wait_for

import actbench
from actbench.cli.options import complete_metric
from actbench.reports.sheet.arms import COLUMNS

COMMANDS = ["run", "init", "compare", "list", "show", "info"]
SMALL = ["--data", "small.npz", "--model", "mlp(6)", "--batch-size", "20", "--epochs", "3", "--lr", "0.01"]
ARMS = ["--act", "relu", "--act", "swish(beta=2.0)", "--seeds", "2"]
OWN = """
import keras

def double(x):
    return 2 * x

def bad(x):
    if x.shape[0] == 20:  # in training; a trial has fewer inputs
        raise ValueError("no luck\\ntoday")
    return x
"""


NETS = """
import keras

class Net(keras.Model):
    def __init__(self, site, classes):
        super().__init__()
        self.flatten, self.site, self.dense = keras.layers.Flatten(), site(), keras.layers.Dense(classes)

    def call(self, x):
        return self.dense(self.site(self.flatten(x)))

net = keras.Sequential([keras.layers.Dense(10)])

def build(site, input_shape, classes):
    return Net(site, classes)
"""


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def one_line(text):
    """A message as a person should see it: one line, and no traceback."""
    lines = text.strip().splitlines()
    return len(lines) == 1 and "Traceback" not in text


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with data and code, and the first sweep in it."""
    folder = tmp_path_factory.mktemp("cli")
    np.savez(folder / "small.npz", **small_arrays())
    (folder / "own.py").write_text(OWN)
    return folder


@pytest.fixture(scope="module")
def first(place):
    """Two activations, two seeds, with everything that costs nothing more: the process and its store."""
    more = ["--threshold", "0.4", "--threshold", "0.995", "--validation-split", "0.2", "--patience", "2"]
    (place / "tmp").mkdir()
    done = program("run", *SMALL, *ARMS, *more, cwd=place, env={"TMPDIR": str(place / "tmp")})
    assert done.returncode == 0, done.stderr
    return done, place / "results" / "adhoc"


@pytest.fixture
def in_place(place, first, monkeypatch):
    monkeypatch.chdir(place)
    return first[1]


# Help


def test_help_names_every_command_and_a_first_step(invoke):
    done = invoke("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    for word in (*COMMANDS, "--debug", "actbench run --act mish"):
        assert word in done.stdout
    assert invoke("-h").stdout == done.stdout


@pytest.mark.parametrize("group", [[], ["data"]])
def test_without_a_command_the_help_is_shown(invoke, group):
    done = invoke(*group)
    assert (done.stdout + done.stderr).strip() == invoke(*group, "--help").stdout.strip()


def test_every_command_and_every_option_has_a_sentence_of_help():
    from typer.main import get_command

    from actbench.cli import app

    commands = get_command(app).commands
    assert set(commands) >= set(COMMANDS)
    for name, command in commands.items():
        assert command.help, name
        assert command.help.endswith("."), name
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert parameter.help, (name, parameter.name)


def test_the_options_of_run_are_the_promised_ones(invoke):
    shown = invoke("run", "--help").stdout
    for option in [
        "--act",
        "--data",
        "--model",
        "--epochs",
        "--batch-size",
        "--optimizer",
        "--lr",
        "--seeds",
        "--seed",
        "--threshold",
        "--device",
        "--precision",
        "--results",
        "--deterministic",
        "--initializer",
        "--limit",
        "--validation-split",
        "--patience",
        "--data-dir",
        "--json",
        "--quiet",
        "--jobs",
    ]:
        assert option in shown, option


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version(invoke, option):
    assert invoke(option).stdout == f"actbench {actbench.__version__}\n"


def test_the_installed_command_is_the_same_program(own_folder):
    done = program("--version", command=INSTALLED, cwd=own_folder, check=0)
    assert done.stdout == program("--version", cwd=own_folder, check=0).stdout


# A sweep, and what it leaves behind


def test_a_sweep_prints_its_table_on_stdout_and_its_progress_on_stderr(first):
    done, _ = first
    assert "activation" in done.stdout
    assert "swish(beta=2)" in done.stdout
    assert "epochs to 40 %" in done.stdout
    assert "No run reached 99.5 %." in done.stdout
    told, *lines = done.stderr.splitlines()
    assert told == "With 2 seeds and 2 arms no verdict is possible; 6 seeds would do."
    for number, (arm, seed) in enumerate((("relu", 0), ("swish(beta=2)", 0), ("relu", 1), ("swish(beta=2)", 1)), 1):
        assert lines[number - 1].startswith(f"[{number}/4] {arm}, seed {seed}: test ")
    assert "results/adhoc" in lines[-1]
    assert len(lines) == 5


def test_pipes_get_plain_text(first):
    done, _ = first
    assert "\x1b" not in done.stdout + done.stderr


def test_a_sweep_leaves_its_four_files(first):
    _, folder = first
    assert {path.name for path in folder.iterdir()} >= {"runs.csv", "epochs.csv", "table.csv", "manifest.json"}
    runs = rows(folder / "runs.csv")
    assert [(run["activation"], run["seed"]) for run in runs] == [
        ("relu", "0"),
        ("swish(beta=2)", "0"),
        ("relu", "1"),
        ("swish(beta=2)", "1"),
    ]
    for run in runs:
        assert (run["status"], run["dataset"], run["model"], run["epochs"]) == ("ok", "small.npz", "mlp(6)", "3")
        assert (run["train_size"], run["test_size"], run["validation_split"], run["patience"]) == (
            "48",
            "30",
            "0.2",
            "2",
        )
        assert (run["batch_size"], run["learning_rate"], run["device"]) == ("20", "0.01", "cpu")
        assert int(run["parameters"]) == 5 * 6 + 7 * 3
        assert float(run["wall_seconds"]) > float(run["train_seconds"]) > 0
        own = [row for row in rows(folder / "epochs.csv") if row["run_key"] == run["run_key"]]
        assert [int(row["epoch"]) for row in own] == list(range(int(run["epochs_run"]) + 1))
        assert all(row["val_loss"] for row in own)


def test_a_sweep_leaves_nothing_among_the_temporary_files(place, first):
    assert list((place / "tmp").iterdir()) == []


def test_the_derived_files_say_what_was_done(first):
    _, folder = first
    table = rows(folder / "table.csv")
    assert [(row["activation"], row["runs"]) for row in table] == [("relu", "2"), ("swish(beta=2)", "2")]
    assert {"reached_40", "epochs_to_99.5", "seconds_to_40"} <= set(table[0])
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["versions"]["actbench_version"] == actbench.__version__
    assert (
        manifest["datasets"]["small.npz (validation split 0.2)"]["sha256"]
        == rows(folder / "runs.csv")[0]["dataset_sha256"]
    )
    assert manifest["hardware"]["cpu"]


def test_the_same_command_again_trains_nothing_and_says_so(place, first):
    done, folder = first
    before = (folder / "runs.csv").read_bytes()
    more = ["--threshold", "0.4", "--threshold", "0.995", "--validation-split", "0.2", "--patience", "2"]
    again = program("run", *SMALL, *ARMS, *more, cwd=place, check=0)
    assert again.stderr.startswith("4 runs already stored, nothing to train; --rerun trains again.")
    assert again.stdout == done.stdout
    assert (folder / "runs.csv").read_bytes() == before


def test_a_dry_run_knows_what_is_trained_again(in_place, invoke):
    words = ["run", *SMALL, *ARMS, "--threshold", "0.4", "--validation-split", "0.2", "--patience", "2", "--dry-run"]
    assert "4 stored already, 0 to train" in invoke(*words).stdout
    assert "0 stored already, 4 to train, about" in invoke(*words, "--rerun").stdout


def test_stored_runs_are_found_however_the_command_is_spelled(in_place, invoke):
    spelled = ["--act", "silu(beta=2)", "--act", "relu()", "--seed", "1", "--seed", "0", "--optimizer", "adam(0.9)"]
    more = ["--validation-split", "0.2", "--patience", "2", "--json"]
    done = invoke("run", *reversed(more), *spelled, *SMALL[2:], "--data", "small.npz")
    assert done.returncode == 2  # options in the wrong order are wrong usage, not another run
    done = invoke("run", *spelled, *more, *SMALL[2:], "--data", "small.npz")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("4 runs already stored, nothing to train")


def test_runs_of_another_store_are_reused(place, first, tmp_path, invoke, monkeypatch):
    monkeypatch.chdir(place)
    more = ["--validation-split", "0.2", "--patience", "2", "--results", str(tmp_path), "--reuse", str(first[1])]
    done = invoke("run", *SMALL, *ARMS, *more)
    assert done.returncode == 0, done.stderr
    assert "\n4 runs already stored, nothing to train" in done.stderr
    assert rows(tmp_path / "epochs.csv") == rows(first[1] / "epochs.csv")


def arms_of(text):
    """The arms of the only task in what ``--json`` prints, which holds no NaN."""
    (task,) = json.loads(text, parse_constant=lambda name: pytest.fail(name))["tasks"]
    return task["arms"]


def test_json_is_the_table_and_nothing_else(in_place, invoke):
    more = ["--validation-split", "0.2", "--patience", "2"]
    done = invoke("run", *SMALL, *ARMS, *more, "--json", "--quiet")
    assert done.returncode == 0
    assert done.stderr == ""
    arms = arms_of(done.stdout)
    assert [(arm["activation"], arm["runs"]) for arm in arms] == [("relu", 2), ("swish(beta=2)", 2)]
    assert 0 <= arms[0]["test_accuracy"] <= 1


def test_the_table_shows_the_runs_that_were_asked_for_and_no_others(in_place, invoke):
    more = ["--validation-split", "0.2", "--patience", "2"]
    done = invoke("run", *SMALL, "--act", "relu", "--seed", "1", *more, "--json")
    assert [(arm["activation"], arm["runs"]) for arm in arms_of(done.stdout)] == [("relu", 1)]


def test_compare_reads_what_run_wrote(in_place, invoke, first):
    done = invoke("compare", "--threshold", "0.4", "--threshold", "0.995")
    assert done.returncode == 0
    assert done.stdout == first[0].stdout
    assert invoke("compare", "results/adhoc").stdout == invoke("compare").stdout


@pytest.mark.parametrize("form", ["csv", "md", "json"])
def test_compare_writes_every_form_to_stdout_or_into_a_file(in_place, invoke, form, tmp_path):
    shown = invoke("compare", "--format", form)
    written = invoke("compare", "--format", form, "--output", tmp_path / "out")
    assert (shown.returncode, written.returncode, written.stdout) == (0, 0, "")
    text = (tmp_path / "out").read_text(encoding="utf-8")
    assert text.strip() == shown.stdout.strip()
    assert text.endswith("\n")
    assert "swish(beta=2)" in text


def test_compare_csv_is_table_csv_with_the_comparison_behind_it(in_place, invoke):
    # So short a training leaves no run that learned: by its accuracy nothing is compared, by its seconds it is.
    compared = invoke("compare", "--format", "csv", "--metric", "wall_seconds").stdout.splitlines()
    table = (in_place / "table.csv").read_text().splitlines()
    assert len(compared) == len(table)
    assert all(line.startswith(f"{begins},") for line, begins in zip(compared, table, strict=True))


def test_compare_writes_the_plain_table_into_a_file_too(in_place, invoke, tmp_path):
    done = invoke("compare", "--output", tmp_path / "out.txt")
    assert done.returncode == 0, done.stderr
    assert "swish(beta=2)" in (tmp_path / "out.txt").read_text()


def test_compare_takes_other_thresholds(in_place, invoke):
    arms = arms_of(invoke("compare", "--threshold", "0.01", "--select", "last", "--json").stdout)
    assert [(arm["reached_1"], arm["epochs_to_1"]) for arm in arms] == [(2, 1), (2, 1)]
    # By default the validation part chooses: its accuracy gets there in epoch 3 with one of the seeds.
    by_validation = arms_of(invoke("compare", "--threshold", "0.01", "--json").stdout)
    assert [(arm["reached_1"], arm["epochs_to_1"]) for arm in by_validation] == [(2, 2), (2, 2)]


def test_where_no_run_learned_nothing_is_compared_and_that_is_said(in_place, invoke):
    assert "Nothing to compare: no run of any arm learned." in invoke("compare").stdout


@pytest.mark.slow
def test_every_column_and_metric_that_the_shell_offers_is_taken(in_place, invoke):
    for name in COLUMNS:
        assert invoke("compare", "--columns", name).returncode == 0, name
    for name in complete_metric(""):
        assert invoke("compare", "--metric", name).returncode == 0, name


def test_compare_writes_where_o_says(in_place, invoke, tmp_path):
    assert invoke("compare", "-o", tmp_path / "out.md").stdout == ""
    assert (tmp_path / "out.md").read_text(encoding="utf-8") == invoke("compare", "--format", "md").stdout


def test_compare_of_nothing_says_how_to_make_something(own_folder, invoke):
    done = invoke("compare")
    assert done.returncode == 2
    assert done.stderr == (
        "actbench: There are no results in 'results/adhoc' (no runs.csv). 'actbench run' makes some.\n"
    )


def test_an_output_that_cannot_be_written_is_a_message(in_place, invoke):
    done = invoke("compare", "--format", "csv", "--output", "no/such/folder/out.csv")
    assert done.returncode == 2
    assert one_line(done.stderr)
    assert "no/such/folder/out.csv" in done.stderr


@pytest.fixture(scope="module")
def broken(place):
    """A good arm, one whose code raises, and one that does not fit the network."""
    arms = ["--act", "own.py:bad", "--act", "own.py:double", "--act", "frelu"]
    return program("run", *SMALL, *arms, "--quiet", "--json", "--results", "broken", cwd=place), place / "broken"


def test_a_run_that_fails_costs_itself_and_the_exit_code_says_so(broken):
    done, folder = broken
    assert done.returncode == 1
    arms = {arm["activation"]: arm for arm in arms_of(done.stdout)}
    assert (arms["own.py:bad"]["runs"], arms["own.py:bad"]["failed"]) == (0, 1)
    assert (arms["own.py:double"]["runs"], arms["own.py:double"]["failed"]) == (1, 0)
    assert [run["status"] for run in rows(folder / "runs.csv")] == ["failed", "ok", "failed"]


def test_the_reason_of_a_failure_is_stored_as_readable_text(broken):
    bad = rows(broken[1] / "runs.csv")[0]
    assert "no luck today" in bad["error"]
    assert "\x1b" not in bad["error"]
    # A cell with a line break would make half a row look like a whole one when the file is mended.
    assert len((broken[1] / "runs.csv").read_text().splitlines()) == 1 + 3


def test_an_activation_that_does_not_fit_the_network_says_so(broken):
    unfit = rows(broken[1] / "runs.csv")[2]
    assert "'frelu' looks at neighbouring pixels: use it in a convolutional model" in unfit["error"]


@pytest.mark.slow
def test_a_model_whose_way_nobody_knows_is_told_what_to_return(own_folder, invoke):
    (own_folder / "nets.py").write_text(NETS)
    done = invoke("run", "--act", "relu", "--model", "nets.py:build", "--epochs", "1", "--device", "cpu")
    assert done.returncode == 2
    assert "Make it of layers instead: keras.Sequential([…]), or keras.Model(inputs, outputs)." in done.stderr
    assert not (own_folder / "results/adhoc/runs.csv").exists()


def test_quiet_prints_nothing_on_stderr_even_when_a_run_fails(broken):
    assert broken[0].stderr == ""


@pytest.fixture(scope="module")
def twice(place):
    """The same run of its own seed on a part of the default data, bit for bit repeatable, in two processes."""
    asked = ["--limit", "50", "--seed", "7", "--epochs", "3", "--batch-size", "15", "--deterministic"]
    folders = [place / "twice1", place / "twice2"]
    for folder in folders:
        program("run", "--act", "prelu", *asked, "--results", folder, "-q", cwd=place, check=0)
    return folders


@pytest.mark.slow
def test_deterministic_runs_are_equal_to_the_last_bit(twice):
    texts = [
        [
            {name: value for name, value in row.items() if not name.endswith("_seconds")}
            for row in rows(folder / "epochs.csv")
        ]
        for folder in twice
    ]
    assert texts[0] == texts[1]
    assert [row["epoch"] for row in texts[0]] == ["0", "1", "2", "3"]


def test_seeds_may_be_ranges(own_folder, invoke):
    words = ["run", "--act", "relu", "--device", "cpu", "--dry-run", "--json"]
    assert json.loads(invoke(*words, "--seed", "10..19").stdout)["runs"] == 10
    assert json.loads(invoke(*words, "--seed", "3", "--seed", "3..4", "--seed", "7..7").stdout)["runs"] == 3


@pytest.mark.slow
def test_limit_and_a_single_seed(twice):
    (run,) = rows(twice[0] / "runs.csv")
    assert (run["train_size"], run["test_size"], run["limit"], run["seed"]) == ("50", "50", "50", "7")
    assert (run["dataset"], run["model"], run["deterministic"]) == ("digits", "mlp(100, 50)", "True")


# Interruption


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_finished_and_ends_with_130(place, first, started):
    """The real signal, in the middle of a training that would take an hour."""
    folder = place / "stopped"
    shutil.copytree(first[1], folder)
    finished = rows(folder / "runs.csv")
    command = ["run", *SMALL[:-4], "--lr", "0.01", "--epochs", "10000000", "--checkpoint-every", "50"]
    process = started(*command, "--act", "relu", "--act", "tanh", "--results", folder, cwd=place)
    wait_for(lambda: any(folder.glob("checkpoints/*.npz")), process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in out + err
    assert "Interrupted." in err
    assert "give the same command again to go on" in err
    assert not (folder / ".holder").exists()
    *kept, stopped = rows(folder / "runs.csv")
    assert kept == finished
    assert (stopped["activation"], stopped["status"]) == ("relu", "interrupted")
    assert int(stopped["epochs_run"]) >= 50
    assert len([row for row in rows(folder / "epochs.csv") if row["run_key"] == stopped["run_key"]]) == (
        int(stopped["epochs_run"]) + 1
    )


@pytest.mark.slow
def test_ctrl_c_before_anything_has_begun_ends_with_130_and_no_traceback(place, started):
    process = started("run", *SMALL, "--act", "relu", "--results", "early", cwd=place)
    wait_for((place / "early").exists, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in out + err


# Messages


def case(words, message):
    return pytest.param(words.split("|"), message, id=words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        case("run|--act|mihs", "Unknown activation 'mihs'. Did you mean 'mish'?"),
        case("run|--act|swish(bta=1)", "no parameter 'bta'. Did you mean 'beta'?"),
        case("run|--act|elu(alpha=0)", "got alpha=0; allowed is a number > 0"),
        case("run|--act|nowhere.py:f", "There is no file 'nowhere.py'"),
        case("run|--act|", "Cannot read ''"),
        case("run|--data|digit", "Unknown dataset 'digit'. Did you mean 'digits'?"),
        case("run|--data|nowhere.npz", "There is no data file 'nowhere.npz'"),
        case("run|--data|mnist|--data-dir|.", "There is no mnist.npz in the data folder '.'"),
        case("run|--model|mlp", "The model 'mlp' needs at least one value"),
        case("run|--model|cnn", "The model 'cnn' needs images of at least 10×10 pixels, but the data has 8×8 images"),
        case("run|--optimizer|adan", "Unknown optimizer 'adan'. Did you mean 'adam'?"),
        case("run|--optimizer|sgd(momentum=1)", "got momentum=1; allowed is a number >= 0 and < 1"),
        case("run|--initializer|he_norml", "Unknown initializer 'he_norml'. Did you mean 'he_normal'?"),
        case("run|--lr|0", "--lr cannot be 0.0"),
        case("run|--lr|-0.1", "--lr cannot be -0.1"),
        case("run|--lr|nan", "--lr cannot be nan"),
        case("run|--lr|inf", "--lr cannot be inf"),
        case("run|--batch-size|0", "--batch-size cannot be 0"),
        case("run|--batch-size|1438", "--batch-size 1438 is more than the 1437 training inputs of 'digits'. Take 1437"),
        case("run|--batch-size|1300|--validation-split|0.1", "is more than the 1293 training inputs"),
        case("run|--epochs|0", "--epochs cannot be 0"),
        case("run|--limit|5", "A limit of 5 is too small: the data 'digits' has 10 classes"),
        case("run|--limit|1", "--limit cannot be 1"),
        case("run|--validation-split|1", "--validation-split cannot be 1.0"),
        case("run|--validation-split|nan", "--validation-split cannot be nan"),
        case("run|--patience|3", "--patience watches the validation loss: give --validation-split too"),
        case("run|--patience|0|--validation-split|0.1", "--patience cannot be 0"),
        case("run|--precision|float16", "--precision cannot be 'float16'"),
        case("run|--device|tpu", "--device cannot be 'tpu'"),
        case("run|--seeds|0", "--seeds 0"),
        case("run|--seed|-1", "--seed cannot be -1"),
        case("run|--seed|4294967296", "--seed cannot be 4294967296"),
        case("run|--seed|x", "--seed x is no seed; give a whole number, like 3, or a range, like 10..19."),
        case("run|--seed|1..", "--seed 1.. is no seed"),
        case("run|--seed|19..10", "--seed 19..10 must go from the lower to the higher seed"),
        case("run|--seed|0..9999999999", "over at most 10000"),
        case("run|--variant|wide", "The study 'adhoc' has no variants: leave --variant wide out."),
        case("run|--seeds|2|--seed|1", "Give either --seeds N (the seeds 0 … N-1) or --seed S, not both"),
        case("run|--threshold|95", "--threshold 95 is no accuracy between 0 and 1. Did you mean 0.95?"),
        case("run|--threshold|0", "--threshold 0 is no accuracy between 0 and 1"),
        case("run|--threshold|nan", "--threshold nan is no accuracy between 0 and 1"),
        case("run|--jobs|0", "--jobs 0"),
        case("run|--cpus-per-run|2", "--ray-address, --cpus-per-run and --gpus-per-run are for --executor ray."),
        case("run|--ray-address|auto", "--ray-address, --cpus-per-run and --gpus-per-run are for --executor ray."),
        case("run|--checkpoint-every|0", "--checkpoint-every 0"),
        case("run|--act|relu|--act|relu()", "asks twice for the same run: relu with seed 0"),
        case("run|--reuse|elsewhere", "There is no store in 'elsewhere' to take runs from"),
        case("run|--reuse|elsewhere|--rerun", "--rerun trains everything again, --reuse takes what was trained"),
        case("run|nowhere.toml", "nowhere.toml"),
        case("run|--act|relu,mish", "'relu,mish' is 2 names. Give each by itself: as an option of its own, like --act"),
        case("run|--act|swish(beta=2), relu", "'swish(beta=2), relu' is 2 names."),
        case("run|mish", "no study's file 'mish'. Of that name there is the activation: actbench run --act mish"),
        case("run|swish(beta=2)", "the activation: actbench run --act 'swish(beta=2)'"),
        case("run|digits", "the dataset: actbench run --data digits"),
        case("run|spocu-cifar10", "'actbench reproduce spocu-cifar10' trains and judges it"),
        case("run|--optimizer|sgd(lr=0.1)", "a setting of its own: --lr 0.1, or learning_rate = 0.1 in a study's file"),
        case("run|--model|my.keras", "Cannot read the model 'my.keras': No such file or directory."),
        case("run|--model|keras:MobileNet9", "There is no 'MobileNet9' in keras.applications. Did you mean"),
        case("run|--act|own", "--act own is for a model that came with activations, like my.keras or keras:Mob"),
        case("run|--initializer|own", "--initializer own is for a model that came with activations"),
        case("run|--swap|relu", "--swap is for a model that came with activations"),
        case("run|--weights|some", "--weights cannot be 'some': allowed are new, keep"),
        case("run|--custom-objects|Layer", "'Layer' is no layer of your own: write FILE.py:Layer, or module:Layer"),
        case("run|--model|nets.py:net", "'nets.py:net' is one finished model, with the activation that it has. Name a"),
        case("run|--model|nets.py:Net", "'nets.py:Net' is a class of models, which is not told where its activations"),
        case("run|--data|text:", "--data text: names nothing to read. Write text:FILE."),
        case("run|--data|openml", "--data openml names nothing to read. Write openml:NAME."),
        case("run|--data|text:.", "'.' is a folder, and a text is one file: --data text:FILE."),
        case("run|--data|modular_addition(p=97, train=0.01)", "of the 97 sums, which could never be answered. Take"),
        case("run|--model|mlp(9, normalization=batch)", "and words in quotes, like"),
        case("run|--model|transformer", "for instance 'mlp(100, 50)', or other data, like 'modular_addition'."),
        case("run|--model|char_lm", "for instance 'mlp(100, 50)', or other data, like 'text:FILE'."),
        case("run|--model|mlp(0)", "allowed is a whole number >= 1 and <= 100,000."),
        case("run|--augment|", "The augmentation '' is not one: write none alone, or names like"),
        case("run|--augment|flip,none", "The augmentation 'flip,none' is not one: write none alone"),
        case("show|resnet20", "'resnet20' is a network: give it as --model resnet20."),
        case("show|mihs", "Unknown activation 'mihs'. Did you mean 'mish'?"),
        case("compare|--threshold|2", "--threshold 2 is no accuracy between 0 and 1. Did you mean 0.02?"),
    ],
)
def test_a_mistake_is_one_short_message_before_anything_is_trained(own_folder, invoke, words, message):
    (own_folder / "nets.py").write_text(NETS)
    done = invoke(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.startswith("actbench: ")
    assert one_line(done.stderr)
    assert not (own_folder / "results").exists()


@pytest.mark.parametrize(
    "words",
    [
        "compare|{}", "plot|curves|{}", "run|{}.toml", "run|--results|{}", "run|--reuse|{}", "run|--model|{}",
        "run|--data|{}", "show|relu|--plot|{}.png", "show|--model|{}.keras", "reproduce|{}.toml",
        "reproduce|--results|{}",
    ],
)  # fmt: skip
def test_a_name_that_no_file_can_have_is_a_mistake(own_folder, invoke, words):
    done = invoke(*words.format("9" * 600).split("|"))
    assert (done.returncode, done.stdout) == (2, "")
    assert one_line(done.stderr)
    assert "bug" not in done.stderr


@pytest.mark.parametrize(
    ("value", "allowed"),
    [("--precision|float16", ("float32", "float64", "bfloat16")), ("--device|tpu", ("auto", "cpu"))],
)
def test_a_wrong_choice_is_told_the_right_ones(invoke, value, allowed):
    said = invoke("run", *value.split("|")).stderr
    assert all(word in said for word in allowed)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["runn"], "There is no command 'runn'. Did you mean 'run'? See 'actbench --help'."),
        (["data", "lst"], "There is no command 'lst'. Did you mean 'list'? See 'actbench data --help'."),
        (["run", "--actt", "relu"], "There is no option --actt. Did you mean '--act'? See 'actbench run --help'."),
        (["run", "--activation", "relu"], "There is no option --activation. Did you mean '--act'? See"),
        (["run", "--learning-rate", "1"], "There is no option --learning-rate. Did you mean '--lr'? See"),
        (["run", "--dataset", "digits"], "There is no option --dataset. Did you mean '--data'? See"),
        (["run", "--nonsense"], "There is no option --nonsense. See 'actbench run --help'."),
        (["run", "-x"], "There is no option -x. See"),
        (["run", "--epochs", "x"], "--epochs: it must be a whole number. See 'actbench run --help'."),
        (["run", "--lr", "x"], "--lr: it must be a number. See"),
        (["run", "--epochs"], "--epochs needs a value. See"),
        (["run", "--quiet=3"], "--quiet does not take a value. See"),
        (["run", "--executor", "raz"], "--executor: it must be one of 'local', 'ray', not 'raz'. See"),
        (["run", "a.toml", "b", "c"], "There is no place for b c. See 'actbench run --help'."),
        (["reproduce", "--jobs", "0"], "--jobs: it must be at least 1. See"),
        (["list"], "Missing: kind. Choose from: activations, datasets,"),
        (["list", "things"], "kind: it must be one of 'activations',"),
        (["show"], "Name activations to show, or one network: --model my.keras."),
        (["plot"], "Missing: [STORE]... budget|curves|pareto|profile|sensitivity|strip. See 'actbench plot --help'."),
    ],
)
def test_wrong_usage_is_one_short_message_too(own_folder, invoke, words, says):
    done = invoke(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"actbench: {says}")
    assert one_line(done.stderr)


def test_debug_shows_the_traceback(invoke):
    done = invoke("run", "--act", "mihs", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "UserError" in done.stderr
    assert "Did you mean 'mish'?" in done.stderr


def test_a_gpu_that_is_not_there_is_refused_before_anything_is_trained(own_folder, invoke, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: [])
    done = invoke("run", "--device", "gpu")
    assert done.returncode == 2
    assert "No GPU is visible to TensorFlow. Use --device cpu" in done.stderr
    assert one_line(done.stderr)
    assert not (own_folder / "results").exists()


def test_results_that_cannot_be_written_are_a_message(place, invoke, monkeypatch):
    monkeypatch.chdir(place)
    for folder in ("small.npz", "small.npz/below"):
        done = invoke("run", *SMALL, "--results", folder)
        assert done.returncode == 2
        assert done.stderr.startswith(f"actbench: Cannot write results to '{folder}': ")
        assert one_line(done.stderr)


# Lists


@pytest.mark.parametrize("kind", ["activations", "datasets", "models", "optimizers", "initializers"])
def test_list_names_every_entry_as_text_and_as_json(invoke, kind):
    entries = json.loads(invoke("list", kind, "--json").stdout)
    lines = invoke("list", kind).stdout.splitlines()
    assert len(entries) == len(lines) >= 4
    for entry, line in zip(entries, lines, strict=True):
        assert line.startswith(entry["name"])
        assert entry["summary"]
        assert "\x1b" not in line


def test_info_says_what_a_report_of_a_problem_needs(invoke, monkeypatch):
    monkeypatch.setenv("ACTBENCH_DATA_DIR", "/some/where")
    monkeypatch.setattr("actbench.environment.gpu_possible", lambda: False)
    facts = json.loads(invoke("info", "--json").stdout)
    assert facts["GPU (tensorflow)"] == "none seen"
    assert facts["actbench"] == actbench.__version__
    assert facts["tensorflow"].startswith("2.")
    assert facts["ACTBENCH_DATA_DIR"] == "/some/where"
    shown = invoke("info").stdout
    assert all(name in shown for name in facts)


@pytest.mark.parametrize(
    ("there", "possible", "says"),
    [
        (["GPU:0"], True, "Some GPU"),
        ([], False, "none seen"),
        ([], True, "none seen, though there is a driver: is the extra 'cuda' installed?"),
    ],
)
def test_info_says_which_gpu_is_seen(invoke, monkeypatch, there, possible, says):
    import tensorflow as tf

    for place in ("actbench.environment", "actbench.training.backends.tensorflow"):
        monkeypatch.setattr(f"{place}.gpu_possible", lambda: possible)
    monkeypatch.setattr("actbench.environment.LINUX", True)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: there)
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: {"device_name": "Some GPU"})
    (line,) = [line for line in invoke("info").stdout.splitlines() if line.startswith("GPU (tensorflow)")]
    assert line.split("  ", 1)[1].strip() == says


def test_info_says_what_is_wrong_with_a_library_that_cannot_be_asked(invoke, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr("actbench.training.backends.tensorflow.gpu_possible", lambda: True)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: 1 / 0)
    assert "cannot be asked for: ZeroDivisionError: division by zero" in invoke("info").stdout


# Shells and pipes


@pytest.mark.parametrize(
    "words",
    mostly_slow([["list", "activations"], ["list", "activations", "--json"], ["run", "--help"]]),
)
def test_a_closed_pipe_is_no_error(own_folder, words, started):
    """``actbench … | head -1``: the reader is gone before everything is written."""
    reader, writer = os.pipe()
    os.close(reader)
    process = started(*words, cwd=own_folder, stdout=writer)
    os.close(writer)
    _, err = process.communicate()
    assert err == ""


def in_a_terminal(words, cwd, **env):
    """What a command writes where a person watches."""
    ours, theirs = pty.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    process = begin(*words, cwd=cwd, env={"TERM": "xterm"} | env, **streams)
    os.close(theirs)
    chunks = []
    while process.poll() is None or select.select([ours], [], [], 0)[0]:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                chunks.append(os.read(ours, 65536))
            except OSError:  # the other end is closed
                break
    process.wait()
    os.close(ours)
    return b"".join(chunks).decode()


@pytest.mark.slow
def test_no_color_is_respected_in_a_terminal(place, first):
    words = ["compare", "results/adhoc"]
    coloured, plain = in_a_terminal(words, place), in_a_terminal(words, place, NO_COLOR="1")
    for text in (coloured, plain):
        assert "relu" in text
    assert not any(f"\x1b[{code}" in plain for code in ("3", "9", "1;3"))


@pytest.mark.parametrize(
    ("words", "offered"),
    mostly_slow(
        quick=5,
        values=[
            (["actbench", "run", "--act", "sw"], ["swish"]),
            (["actbench", "show", "mi"], ["mish"]),
            (["actbench", "run", "--data", "ci"], ["cifar10"]),
            (["actbench", "run", "--model", "mlp"], ["mlp", "mlp_single_site"]),
            (["actbench", "run", "--optimizer", "adam"], ["adam", "adamw"]),
            (["actbench", "run", "--initializer", "he_"], ["he_normal", "he_uniform"]),
            (["actbench", "comp"], ["compare"]),
            (["actbench", "run", "--device", ""], ["auto", "cpu", "gpu"]),
            (["actbench", "run", "--precision", "fl"], ["float32", "float64"]),
            (["actbench", "run", "--split", "st"], ["stratified"]),
            (["actbench", "run", "--backend", "t"], ["tensorflow"]),
            (["actbench", "run", "--lr", "1", "--lr", "2", "--prec"], ["--precision"]),
            (["actbench", "plot", "p"], ["pareto", "profile"]),
            (["actbench", "plot", "results/mine", "st"], ["strip"]),
            (["actbench", "plot", "--metric", "train_"], ["train_accuracy", "train_loss", "train_seconds"]),
            (["actbench", "compare", "--metric", "s"], ["seconds_to", "seconds_per_epoch"]),
            (["actbench", "compare", "--columns", "default,se"], ["default,seconds_to_*", "default,seconds_per_epoch"]),
            (["actbench", "compare", "--format", "js"], ["json"]),
            (["actbench", "reproduce", "sp"], ["spocu-cifar10"]),
        ],
    ),
)
def test_the_shell_completes_names(own_folder, words, offered):
    asked = {"_ACTBENCH_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    done = program(command=INSTALLED, env=asked, cwd=own_folder)
    assert done.stderr == ""
    found = done.stdout.split()
    assert set(offered) <= set(found)
    assert all(name.startswith(words[-1]) for name in found)


def test_help_comes_before_what_is_wrong_with_the_other_words(invoke):
    assert "Usage: actbench run" in invoke("run", "--lr", "1", "--lr", "2", "--help").stdout


@pytest.mark.parametrize("command", ["run", "compare", "plot", "clean", "init", "show", "reproduce", "data fetch"])
def test_help_names_values_by_their_choices_and_never_by_types_of_python(invoke, command):
    shown = " ".join(invoke(*command.split(), "--help").stdout.split())
    assert not re.search(r"list\[|<\w+>|\[\[", shown)
    if command == "plot":
        assert "--theme light|dark" in shown
