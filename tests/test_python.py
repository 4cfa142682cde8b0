"""From Python: the same code as the commands, in scripts, notebooks and running loops; nothing is imported early."""

import json
import re
import signal
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import begin, program, wait_for

import actbench
from actbench.errors import UserError
from actbench.results.thresholds import parse

PAGE = Path(__file__).parents[1] / "docs" / "python.md"
STORE = Path(__file__).parents[1] / "results" / "swish-mish-mnist"
HEAVY = ["tensorflow", "keras", "pandas", "matplotlib", "scipy", "sklearn", "numpy", "rich.console", "typer"]
TUNED = """
[data]
limit = 200

[training]
batch_size = 20
epochs = 1

[grid]
activation = ["relu", "tanh"]

[tuning]
seeds = [10000]

[tuning.grid]
learning_rate = [0.001, 0.01]
"""
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def python(folder, code, **how):
    return program(command=[sys.executable, "-c", code], cwd=folder, check=0, **how).stdout


def test_importing_it_imports_nothing_heavy(tmp_path):
    code = f"import actbench, sys; print([name for name in {HEAVY} if name in sys.modules])"
    assert python(tmp_path, code) == "[]\n"


def test_it_is_typed():
    assert (Path(actbench.__file__).parent / "py.typed").exists()


@pytest.mark.slow
def test_what_the_page_shows_works_in_a_script_without_a_guard_and_in_a_running_loop(tmp_path):
    found = """
    print(json.dumps({
        "shown": str(mine), "again": table, "threads": threading.active_count(),
        "arms": list(mine.arms["activation"]), "verdicts": list(mine.arms["test_accuracy_verdict"]),
        "runs": mine.runs["status"].tolist(), "epochs": len(mine.epochs),
        "title": picture.figure.axes[0].get_title(loc="center"), "main": __name__,
    }))
    """
    code = textwrap.indent("\n".join(EXAMPLES) + textwrap.dedent(found), "    ")
    script = tmp_path / "script.py"
    script.write_text(
        f"import asyncio, json, threading\n\nasync def main():\n{code}\n\nasyncio.run(main())\n", encoding="utf-8"
    )
    done = program(command=[sys.executable, "script.py"], cwd=tmp_path, check=0)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["main"] == "__main__"
    assert told["arms"] == ["relu", "mish"]
    assert told["verdicts"] == ["baseline", "too few seeds: 2 of at least 6"]
    assert told["runs"] == ["ok"] * 4
    assert told["epochs"] == 4 * 3
    assert told["title"] == "Digits"
    assert "too few seeds" in told["shown"]
    assert "| mish |" in told["again"]
    assert "Did you mean 'mish'?" in done.stdout
    assert (tmp_path / "curves.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        f"[{number}/4] {name}, seed {seed}"
        for number, (seed, name) in enumerate([(0, "relu"), (0, "mish"), (1, "relu"), (1, "mish")], 1)
    ]


@pytest.mark.slow
def test_an_answer_reads_as_the_command_prints_it(invoke, own_folder):
    mine = actbench.compare(STORE, metrics=["accuracy", "epochs-to:0.97"], where=["variant=basic"], margin=0.01)
    asked = ["compare", STORE, "--metric", "accuracy", "--metric", "epochs-to:0.97", "--where", "variant=basic"]
    for name in ("table", "md", "latex", "csv", "json", "junit"):
        printed = invoke(*asked, "--margin", "0.01", "--format", name).stdout
        assert mine.write(name).rstrip("\n") == printed.rstrip("\n"), name
    picture = actbench.plot(mine, "strip", theme="dark", metric="epochs-to:0.97")
    invoke("plot", STORE, "strip", "--where", "variant=basic", "--theme", "dark", "--metric", "epochs-to:0.97")
    assert picture._repr_png_() == (own_folder / "strip.png").read_bytes()
    assert mine._repr_markdown_() == mine.write("md")
    assert {"swish", "mish"} <= {row.arm for task in mine.findings.tasks for c in task.comparisons for row in c.rows}


def test_the_arms_are_labelled_as_in_the_table_that_is_printed():
    mine = actbench.compare(STORE, metrics=["accuracy", "epochs-to:0.97"], where=["variant=basic"])
    labels = list(mine.arms.columns)
    assert {type(label) for label in labels} == {str}
    assert labels == mine.write("csv").splitlines()[0].split(",")
    means = mine.findings.tasks[0].arms
    for name in ("epochs_to_95", "seconds_to_97", "reached_98"):
        assert mine.arms[name].tolist() == means[parse(name)].tolist(), name


def test_a_store_can_be_drawn_by_its_name():
    drawn = actbench.plot(str(STORE), "strip", metric="accuracy")
    assert len(drawn.figure.axes) == len(actbench.compare(STORE).findings.tasks)


@pytest.mark.parametrize(
    ("call", "command"),
    [
        (lambda: actbench.run("mish"), ["run", "mish"]),
        (lambda: actbench.run("no.toml"), ["run", "no.toml"]),
        (lambda: actbench.run(activation="mihs"), ["run", "--act", "mihs"]),
        (lambda: actbench.compare("nowhere"), ["compare", "nowhere"]),
    ],
)
def test_mistakes_read_as_on_the_command_line(invoke, call, command):
    with pytest.raises(actbench.ActbenchError) as raised:
        call()
    assert isinstance(raised.value, UserError)
    assert f"actbench: {raised.value}\n" == invoke(*command).stderr


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: actbench.run(learning_rate=-1.0), "learning_rate cannot be -1.0: "),
        (lambda: actbench.run(seeds=0), "seeds 0 makes no sense; give 1 or more."),
        (lambda: actbench.run(seeds=-1), "seeds -1 makes no sense"),
        (lambda: actbench.run(seeds="3"), "seeds cannot be '3': it must be a whole number."),
        (lambda: actbench.run(seeds=[1, 2.5]), "seeds cannot be 2.5: it must be a whole number."),
        (lambda: actbench.run(seeds=True), "seeds cannot be True: it must be a whole number."),
        (lambda: actbench.run(jobs=0), "jobs 0 makes no sense"),
        (lambda: actbench.run(jobs="2"), "jobs cannot be '2': it must be a whole number."),
        (
            lambda: actbench.run(margin=0.1),
            "margin is for until_decided. 'actbench compare' has margin and baseline, too.",
        ),
        (lambda: actbench.run(until_decided=True, seeds=3), "until_decided chooses the seeds itself"),
        (lambda: actbench.run(tune="width"), "tune width is not possible"),
        (lambda: actbench.run(tune="lr", rerun=True), "rerun"),
        (lambda: actbench.run(budget="full"), "budget "),
        (lambda: actbench.run(log="jsnol"), "Did you mean 'jsonl'?"),
        (lambda: actbench.run(thresholds=95), "thresholds 95 is no accuracy between 0 and 1. Did you mean 0.95?"),
        (lambda: actbench.run(select="vla"), "select cannot be 'vla'. Did you mean 'val'? Known: val, last, best."),
        (lambda: actbench.run(5), "study cannot be 5: it must be a path."),
        (lambda: actbench.run(act="relu"), "There is no setting 'act'. Did you mean 'activation'?"),
        (lambda: actbench.run(lr=0.1), "Did you mean 'learning_rate'?"),
        (lambda: actbench.run(dataset="digits"), "Did you mean 'data'?"),
        (lambda: actbench.run(activations="relu"), "Did you mean 'activation'?"),
        (lambda: actbench.run(seed=3), "There is no setting 'seed'."),
        (lambda: actbench.run(activation=["relu", lambda x: x]), 'name it, like activation="mine.py:mine".'),
        (lambda: actbench.run(model=test_it_is_typed), 'model="mine.py:test_it_is_typed"'),
        (lambda: actbench.compare(5), "stores cannot be 5: it must be a path."),
        (lambda: actbench.compare(STORE, activations="mihs"), "activations 'mihs' is not among these results"),
        (lambda: actbench.compare(STORE, where="variant"), "where 'variant' is not a condition."),
        (lambda: actbench.compare(STORE, thresholds=[95]), "thresholds 95 "),
        (lambda: actbench.compare(STORE, chance_level=2), "chance_level 2"),
        (lambda: actbench.compare(STORE, margin="a"), "margin cannot be 'a': it must be a number."),
        (lambda: actbench.compare(STORE, baseline=3), "baseline cannot be 3: it must be a text."),
        (lambda: actbench.compare(STORE).write("mdd"), "'mdd'"),
        (lambda: actbench.plot(STORE, "pie"), "'pie'"),
        (lambda: actbench.plot(STORE, "pareto", x="seconds"), "The picture 'pareto' takes no x; "),
        (lambda: actbench.plot(STORE, "curves", x="second"), "x cannot be 'second'. Did you mean 'seconds'?"),
        (lambda: actbench.plot(STORE, "strip", theme="blue"), "theme cannot be 'blue'. Known: light, dark."),
        (lambda: actbench.plot(5, "strip"), "stores cannot be 5: it must be a path."),
    ],
)
def test_mistakes_are_told_in_the_names_of_the_function(call, said):
    with pytest.raises(actbench.ActbenchError) as raised:
        call()
    assert said in str(raised.value)
    assert "--" not in str(raised.value)


def test_one_name_stands_for_a_list_of_one():
    one = actbench.compare(STORE, metrics="accuracy", activations="mish", where="variant=basic", thresholds=0.9)
    many = actbench.compare(
        STORE, metrics=["accuracy"], activations=["mish"], where=["variant=basic"], thresholds=[0.9]
    )
    assert str(one) == str(many)
    assert set(one.runs["variant"]) == {"basic"}


@pytest.mark.slow
def test_settings_may_be_any_sequences_and_paths(npz, own_folder):
    options = {"data": npz(), "activation": ("relu", "tanh"), "epochs": 1, "batch_size": 20}
    mine = actbench.run(**options, seeds=range(2, 3), results=own_folder / "r")
    assert mine.runs[["arm", "seed"]].to_numpy().tolist() == [["relu", 2], ["tanh", 2]]


@pytest.mark.slow
def test_each_arm_at_its_own_best_rate_as_the_command_finds_it(invoke, own_folder):
    (own_folder / "study.toml").write_text(TUNED, encoding="utf-8")
    mine = actbench.run("study.toml", results="r")
    assert set(mine.runs["role"]) == {"scoring"}
    assert mine.write("json").rstrip("\n") == invoke("run", "study.toml", "--results", "r", "--json").stdout.rstrip(
        "\n"
    )


@pytest.mark.slow
def test_an_interrupted_call_goes_on_when_it_is_given_again(tmp_path):
    call = (
        "actbench.run(activation='tanh', epochs=2500, limit=60, batch_size=20, device='cpu', deterministic=True, "
        "log=['jsonl'], results='r', quiet=True)"
    )
    code = f"import actbench\ntry:\n    {call}\nexcept KeyboardInterrupt as end:\n    print(end)"
    events = tmp_path / "r" / "events.jsonl"
    with begin(cwd=tmp_path, command=[sys.executable, "-c", code]) as process:
        wait_for(lambda: events.exists() and '"epoch": 1,' in events.read_text(encoding="utf-8"), process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "Stopping after this epoch; again: end now.\n")
    assert out.startswith("Interrupted. Finished runs are kept")
    again = f"import actbench\nrun = {call}.runs.iloc[0]\nprint(run['status'], run['epochs_run'])"
    assert python(tmp_path, again) == "ok 2500\n"
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    assert [line["epoch"] for line in lines if line["event"] == "epoch"] == list(range(2501))


@pytest.mark.slow
def test_a_notebook_shows_tables_pictures_and_a_line_a_run(tmp_path):
    manager = pytest.importorskip("jupyter_client.manager", reason="the extra notebook")
    kernel, client = manager.start_new_kernel(cwd=str(tmp_path))

    def cell(code):
        """What the cell writes, and what it shows."""
        asked, said, shown = client.execute(code), "", {}
        while True:
            message = client.get_iopub_msg(timeout=120)
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != asked:
                continue
            if kind == "stream":
                said += content["text"]
            elif kind == "execute_result":
                shown = content["data"]
            elif kind == "error":
                shown = {"error": content["evalue"]}
            elif kind == "status" and content["execution_state"] == "idle":
                return said, shown

    try:
        said, shown = cell(
            "import actbench\n"
            "mine = actbench.run(activation=['relu', 'mish'], epochs=1, limit=60, batch_size=20, results='r')\nmine"
        )
        assert re.fullmatch(r"(\[\d/2\] (relu|mish): .*\n){2}", said)
        assert "| mish |" in shown["text/markdown"]
        assert "image/png" in cell("actbench.plot(mine, 'curves')")[1]
        assert "a file and name it" in cell("actbench.run(activation=lambda x: x)")[1]["error"]
    finally:
        kernel.shutdown_kernel(now=True)


def test_the_page_tells_of_every_function():
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in actbench.__all__ if f"### actbench.{name}\n" not in page] == [
        "ActbenchError",
        "__version__",
    ]
