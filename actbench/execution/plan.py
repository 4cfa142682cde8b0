"""The plan of a study: its runs with their data, made once a command and then passed along."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from actbench import custom, datasets
from actbench.datasets import DatasetInfo, Request
from actbench.execution.executor import Executor
from actbench.results.columns import FINAL, SETTINGS, Run
from actbench.results.read import is_unchanged, read_manifest, read_runs
from actbench.results.sittings import Design
from actbench.results.tunings import chosen_by
from actbench.studies.expand import expand
from actbench.studies.settings import Asked
from actbench.studies.study import Study


@dataclass(frozen=True)
class Plan:
    """A study, expanded.

    Attributes:
        study: what is compared.
        runs: every run with the request for its data, in the order in which they are to be trained.
        data: what is known of the data sets, by the label of their requests.
        thresholds: accuracies as fractions, in rising order: the study's, or those that suit its data sets.
        designs: where seeds are added until it is decided, how, by the key of each family of arms.
    """

    study: Study
    runs: tuple[tuple[Run, Request], ...]
    data: Mapping[str, DatasetInfo]
    thresholds: tuple[float, ...]
    designs: Mapping[str, Design] = field(default_factory=dict)

    @property
    def designs_entry(self) -> dict[str, Any]:
        """What the manifest says of the designs; nothing where there are none."""
        return {"designs": msgspec.to_builtins(dict(self.designs))} if self.designs else {}

    @property
    def varying(self) -> tuple[str, ...]:
        """Beside the activation, the fields that tell its runs apart: the variant, and what else differs within one."""
        variants: dict[str, list[Run]] = {}
        for run, _ in self.runs:
            variants.setdefault(run.variant, []).append(run)
        asked = [column.name for column in SETTINGS.values() if column.shared]
        different = [
            name
            for name in [*asked, "seed"]
            if any(len({getattr(run, name) for run in runs}) > 1 for runs in variants.values())
        ]
        return (*["variant"] * (len(variants) > 1), *different)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all runs, in order."""
        return tuple(run.key for run, _ in self.runs)

    @property
    def tunings(self) -> tuple[str, ...]:
        """The names of the tunings that chose settings of its runs."""
        return tuple(dict.fromkeys(name for run, _ in self.runs for name in chosen_by(run.tuning)))


def make_plan(study: Study, executor: Executor) -> Plan:
    """Expand a study for an executor. The data is read, and whatever cannot work is refused.

    Raises:
        UserError: the study cannot be carried out; see ``studies.expand``.
    """
    return _plan(study, datasets.info, executor.device_kind, run_code=True)


def stored_plan(study: Study, folder: Path) -> Plan | None:
    """The plan of a study if the store in ``folder`` holds a result of every one of its runs, else None.

    Raises:
        UserError: the study cannot be planned at all.
    """
    found = plan_from_store(study, folder)
    if found is None:
        return None
    finished = {row["run_key"] for row in read_runs(folder) if row["status"] in FINAL and is_unchanged(row)}
    return found if finished.issuperset(found.keys) else None


def plan_from_store(study: Study, folder: Path, asked_for: Sequence[tuple[str, Asked]] | None = None) -> Plan | None:
    """The plan of a study, or of what is asked for in its place, as a store's own runs let it be known, else None.

    Neither the data nor a device is looked at, and no person's code is run: the store knows what its runs were made of,
    so that results can be read on a machine that could not have made them. A store of several devices is not one
    study's, and gives None.

    Raises:
        UserError: the study cannot be planned at all.
    """
    devices = {row["device"] for row in read_runs(folder)}
    known = read_manifest(folder).get("datasets", {})
    if len(devices) != 1:
        return None
    (device,) = devices

    def info(request: Request) -> DatasetInfo:
        if request.label not in known:
            raise _OtherDataError(request.label)
        return msgspec.convert(known[request.label], DatasetInfo)

    try:
        return _plan(study, info, lambda asked, _: device if asked == "auto" else asked, asked_for, run_code=False)
    except _OtherDataError:
        return None


class _OtherDataError(Exception):
    """A run of the study needs data that no run of the store was trained on."""


def _plan(
    study: Study,
    info: Callable[[Request], DatasetInfo],
    device_kind: Callable[[str, str], str],
    asked_for: Sequence[tuple[str, Asked]] | None = None,
    *,
    run_code: bool,
) -> Plan:
    info = functools.cache(info)
    with custom.names_from(study.folder):
        runs = expand(study, info, device_kind, run_code=run_code, asked_for=asked_for)
    data = {request.label: info(request) for _, request in runs}
    return Plan(study, tuple(runs), data, study.chosen_thresholds())
