"""What stands round the program: the package, the citation, the image, the action, the workflows, the manual page."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import small_arrays

import actbench
from actbench.cli import NAMES, main
from actbench.environment import __version__
from tools import man

ROOT = Path(actbench.__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOWS = sorted([*(ROOT / ".github/workflows").glob("*.yml"), *(ROOT / "docs/examples").glob("*.yml")])
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
# As the actions' own action.yml declare them, in the major versions that are named here.
INPUTS = {
    "actions/checkout@v7": {"repository", "ref", "path", "persist-credentials", "fetch-depth"},
    "actions/setup-python@v7": {"python-version", "cache", "cache-dependency-path"},
    "actions/upload-artifact@v7": {"name", "path", "if-no-files-found", "retention-days"},
    "actions/download-artifact@v8": {"name", "path", "pattern", "merge-multiple"},
    "actions/cache@v5": {"path", "key", "restore-keys"},
    "pypa/gh-action-pypi-publish@release/v1": {"packages-dir", "attestations", "skip-existing", "verbose"},
    "./": set(ACTION["inputs"]),
    "./actbench": set(ACTION["inputs"]),
}


def pythons():
    """The versions of Python that the package says it is for."""
    found = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line) for line in classifiers(PROJECT)]
    return [match[1] for match in found if match]


def classifiers(project):
    return project["project"]["classifiers"]


def test_the_pythons_end_where_tensorflows_wheels_do():
    lines = metadata.metadata("tensorflow").get_all("Classifier")
    theirs = [int(line.rpartition(".")[2]) for line in lines if re.fullmatch(r".* :: Python :: 3\.\d+", line)]
    assert PROJECT["project"]["requires-python"] == f">=3.11,<3.{max(theirs) + 1}"
    assert pythons() == [f"3.{minor}" for minor in range(11, max(theirs) + 1)]


def test_both_names_start_the_same_program():
    scripts = PROJECT["project"]["scripts"]
    assert (*scripts,) == NAMES
    assert NAMES[1] == PROJECT["project"]["name"]
    assert set(scripts.values()) == {"actbench.__main__:main"}


@pytest.mark.parametrize(
    ("called", "shown"), [("/usr/bin/keras-actbench", NAMES[1]), ("actbench.exe", NAMES[0]), ("__main__.py", NAMES[0])]
)
def test_help_says_the_name_that_was_called(monkeypatch, capsys, called, shown):
    monkeypatch.setattr(sys, "argv", [called, "info", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out.split()[:3] == ["Usage:", shown, "info"]


def test_the_source_archive_names_what_is_there():
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [name for name in included if not (ROOT / name).exists()] == []
    assert {"CITATION.cff", "SECURITY.md", "LICENSE", "README.md", "action.yml", "Dockerfile"} <= set(included)


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["version"] == __version__
    assert citation["license"] == PROJECT["project"]["license"]
    assert [one["name"] for one in citation["authors"]] == [one["name"] for one in PROJECT["project"]["authors"]]


def test_the_manual_page_says_what_help_says():
    assert man.page() == (ROOT / man.PAGE).read_text(encoding="utf-8"), "run 'python -m tools.man'"


def test_the_manual_page_is_plain_roff():
    lines = man.page().splitlines()
    assert all(line.isascii() for line in lines)
    macros = {line.split()[0] for line in lines if line.startswith((".", "'"))}
    assert macros == {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".br"}
    assert man._plain(".a -b \\ …") == r"\&.a \-b \e \[u2026]"


# The image


def docker(instruction):
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.removeprefix(instruction).strip() for line in text.splitlines() if line.startswith(f"{instruction} ")]


def test_the_image_runs_the_first_command_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = re.search(r"<!-- run -->\n```sh\n(.*?)\n```", readme, re.DOTALL)[1]
    (entry,), (words,) = (map(yaml.safe_load, docker(name)) for name in ("ENTRYPOINT", "CMD"))
    _, program, rest = command.rpartition("actbench ")
    assert shlex.split(program + rest) == [*entry, *words]
    assert docker("FROM") == [f"python:{pythons()[-1]}-slim"]


def test_the_image_gets_all_that_the_package_is_made_of():
    copied = {source for line in docker("COPY") for source in line.split()[:-1]}
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"], *wheel["packages"]}
    needed |= {*wheel["force-include"], *(str(Path(name).parent) for name in wheel["shared-data"])}
    assert copied == needed
    assert [name for name in copied if not (ROOT / name).exists()] == []


# Workflows


def jobs():
    for path in WORKFLOWS:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, job in content["jobs"].items():
            yield pytest.param(content, job, id=f"{path.name}, {name}")


@pytest.mark.parametrize(("workflow", "job"), [*jobs()])
def test_a_job_gives_actions_what_they_take(workflow, job):
    assert "permissions" in workflow
    assert job["timeout-minutes"] <= 90
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        if "uses" in step:
            assert set(step.get("with", {})) <= INPUTS[step["uses"]]
        if step.get("uses", "").startswith("./"):
            assert {name for name, about in ACTION["inputs"].items() if about.get("required")} <= set(step["with"])
        assert "${{" not in step.get("run", ""), "what stands there would be run by the shell"


def workflow(name):
    return yaml.safe_load((ROOT / ".github/workflows" / name).read_text(encoding="utf-8"))


def test_every_python_is_tested():
    assert workflow("tests.yml")["jobs"]["tests"]["strategy"]["matrix"]["python-version"] == pythons()


def test_only_the_job_that_publishes_may_speak_for_the_project():
    release = workflow("release.yml")
    assert release["permissions"] == {}
    granted = {name: job["permissions"] for name, job in release["jobs"].items()}
    assert granted == {"build": {"contents": "read"}, "publish": {"id-token": "write"}}
    *_, last = release["jobs"]["publish"]["steps"]
    assert last["with"]["attestations"] is True
    assert "password" not in last["with"]
    assert all("run" not in step for step in release["jobs"]["publish"]["steps"])


# The action, its scripts run as they stand


def script(name):
    (step,) = [step for step in ACTION["runs"]["steps"] if step.get("name") == name]
    assert "${{" not in step["run"]
    return step


def value_of(expression, inputs):
    """What GitHub puts in the place of ``${{ inputs.NAME }}``."""
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], expression)


@pytest.fixture
def act(tmp_path):
    """Run steps of the action with some inputs, in an environment that is installed already."""
    np.savez(tmp_path / "small.npz", **small_arrays())
    program = tmp_path / "temp/actbench/bin/actbench"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m actbench "$@"\n')
    program.chmod(0o755)
    summary = tmp_path / "summary.md"

    def call(step_name, **inputs):
        step = script(step_name)
        defaults = {name: about.get("default", "") for name, about in ACTION["inputs"].items()}
        env = {name: value_of(text, defaults | inputs) for name, text in step["env"].items()}
        env |= {"RUNNER_TEMP": str(tmp_path / "temp"), "GITHUB_STEP_SUMMARY": str(summary)}
        env["PYTHONPATH"] = str(ROOT)
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(command, cwd=tmp_path, env=os.environ | env, capture_output=True, text=True, check=False)

    return call


SMALL = "--data small.npz --model 'mlp(6)' --batch-size 20 --lr 0.01 --device cpu"


@pytest.mark.slow
def test_the_action_tries_compares_and_sums_up(act, tmp_path):
    arguments = f"--act relu --act 'swish(beta=2)' {SMALL} --epochs 3 --seeds 2\n--act '$(touch owned)'"
    refused = act("Smoke", arguments=arguments)
    assert refused.returncode == 2
    assert "$(touch owned)" in refused.stderr
    assert not (tmp_path / "owned").exists()

    arguments = arguments.splitlines()[0]
    assert act("Smoke", arguments=arguments).returncode == 0
    assert not (tmp_path / "results").exists()
    done = act("Run", arguments=arguments)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results/action/runs.csv").is_file()

    checks = "\nfailed(relu) > 0\nruns('swish(beta=2)') > 1\n"
    failing = act("Compare", checks=checks, baseline="swish(beta=2)")
    assert failing.returncode == 1
    assert "runs('swish(beta=2)') = 2" in failing.stderr
    assert act("Compare", checks="failed(relu) > 0").returncode == 0
    assert "| swish(beta=2)" in (tmp_path / "summary.md").read_text(encoding="utf-8")
    report = tmp_path / "actbench-report"
    assert (report / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "<testsuite" in (report / "junit.xml").read_text(encoding="utf-8")


def test_the_actions_outputs_are_the_files_that_it_writes():
    written = script("Compare")["run"]
    for name, about in ACTION["outputs"].items():
        file = about["value"].removeprefix("${{ inputs.report }}/")
        assert f'"$REPORT/{file}"' in written, name
