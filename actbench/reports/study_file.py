"""A new study's file: every key with what it means, those that a first comparison needs set, the others at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from actbench.results.columns import SETTINGS
from actbench.statistics.sequential import FIRST_LOOK
from actbench.studies.file import TABLES, keys_of

HEAD = """\
# A study: 'actbench run {file} --dry-run' says what would be trained, and how long;
# without --dry-run it is trained, and 'actbench compare results/{name}' shows it again.
# A key behind '#' without a blank is not set, and stands at its default; where that is '…',
# it depends on the data, or is nothing. Files are named relative to this one.

# The folder of the results, in results/. Default: this file's name.
#name = "{name}"

# What is compared, and where it comes from.
#description = ""
#source = ""

# Accuracies that are to be reached, as fractions. Default: by data set.
#thresholds = [0.9, 0.95]

# What 'actbench compare results/{name}' is to fail on, as its --fail-if takes it.
#checks = ["test_accuracy(mish) < test_accuracy(relu) - 0.01"]
"""
TAIL = """
# Every combination of what stands here is trained; any setting can, as a list:
# learning_rate = [0.001, 0.01].
[grid]
activation = ["relu", "swish", "mish"]

# A number of repeats, or a list of seeds. With fewer than {seeds}, no verdict is possible.
seeds = {seeds}

# Variants replace settings by a value or a list, and have names of their own in the tables.
# All of the grid is trained in each: an empty one, [variants.plain], leaves everything as it is.
#[variants.plain]
#[variants.wide]
#model = "mlp(200, 100)"

# Each arm at its own best learning rate, chosen on seeds and images of its own, before the
# seeds above score it. [tuning.grid] lists values of other settings. See docs/tuning.md.
#[tuning]
#protocol = "fair"
#seeds = 3
#validation_split = 0.1
#budget = "full"

# A short trial, for 'actbench reproduce {file} --smoke'.
[smoke]
epochs = 1
seeds = 1
"""
ARTICLE = """
# A study of an article also says what was printed and claimed: see docs/reproduce.md.
"""
SET = {"data": "digits"}
"""What is set in the file although it is the default: so that one sees where it stands."""


def study_file(file: str, name: str, meanings: Mapping[str, str]) -> str:
    """The text of a new study's file.

    Args:
        file: how it is named on the command line.
        name: of the study.
        meanings: of the settings, by the names that grids use: what ``--help`` says of their options.
    """
    parts = [HEAD.format(file=file, name=name), *_keys("", meanings)]
    for table in TABLES:
        parts += [f"\n[{table}]", *_keys(table, meanings)]
    return "\n".join(parts) + "\n" + TAIL.format(file=file, seeds=FIRST_LOOK) + ARTICLE


def _keys(table: str, meanings: Mapping[str, str]) -> Iterator[str]:
    """The keys of a table, each below what it means."""
    for key, name in keys_of(table).items():
        column = SETTINGS[name]
        value = SET.get(name, column.default)
        yield f"# {meanings[name]}"
        yield f"{'' if name in SET else '#'}{key} = {'…' if value is None else json.dumps(value)}"
