"""The benchmarks are run by hand only: here they must at least find everything of actbench's that they use."""

import runpy
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_can_be_imported(path):
    assert callable(runpy.run_path(str(path), run_name="imported")["main"])
