"""Runs taken out of a store, by a person who wants them gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from actbench.errors import UserError
from actbench.execution.sweep import BROKEN, write_table
from actbench.results.read import check_exists, read_manifest, read_runs
from actbench.results.store import Store
from actbench.tables.select import matching


@dataclass(frozen=True)
class Unwanted:
    """Runs of a store that are to go.

    Attributes:
        folder: the store.
        keys: of the runs.
        counts: how many of each activation, and of each status.
    """

    folder: Path
    keys: frozenset[str]
    activations: Counter[str]
    statuses: Counter[str]


def unwanted(folder: Path, acts: Sequence[str], *, failed: bool) -> Unwanted:
    """The runs of a store that are meant.

    Args:
        folder: the store.
        acts: activations, as `compare` takes them: names, patterns, a bare name for all its parameters; none for all.
        failed: only those that failed or ran out of memory.

    Raises:
        UserError: there is no store, or no such activation or run in it.
    """
    check_exists(folder)
    rows = list(read_runs(folder))
    there = list(dict.fromkeys(row["activation"] for row in rows))
    meant = {name for act in acts for name in matching(act, there, "--act")} if acts else set(there)
    gone = [row for row in rows if row["activation"] in meant and (not failed or row["status"] in BROKEN)]
    if not gone:
        raise UserError(f"There is no such run in {str(folder)!r}: nothing is to be removed.")
    return Unwanted(
        folder,
        frozenset(row["run_key"] for row in gone),
        Counter(row["activation"] for row in gone),
        Counter(row["status"] for row in gone),
    )


def remove(found: Unwanted) -> Path:
    """Take the runs out, and write the derived table anew. Returns the copy of the tables as they were before.

    Raises:
        UserError: another process writes to the store, or it cannot be written.
    """
    with Store.open(found.folder) as store:
        copy = store.remove(found.keys)
        studies = read_manifest(found.folder).get("studies", {}).values()
        write_table(store, sorted({t for study in studies for t in study.get("thresholds") or ()}))
    return copy
