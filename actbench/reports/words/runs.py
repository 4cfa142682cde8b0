"""Runs in words, while they are trained: what each is called, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actbench.reports.words.numbers import percent, plural
from actbench.reports.words.settings import setting
from actbench.results.columns import BY_NAME, TUNING, run_row
from actbench.tables.tasks import FAMILY

if TYPE_CHECKING:
    from actbench.results.columns import Epoch, Record, Run
    from actbench.training.tried import Tried

REMARKS = {"diverged": "diverged, the loss became NaN or infinite; ", "interrupted": "interrupted; "}


def run_name(run: Run, varying: Sequence[str]) -> str:
    """The activation, and what else tells the run from the others: ``relu, lr 0.5, seed 3``."""
    parts = [run.activation.spelling]
    for name in varying:
        value = getattr(run, name)
        plain = getattr(value, "spelling", value)
        parts.append(str(plain) if name in FAMILY or name == "variant" else setting(BY_NAME[name], plain))
    return ", ".join(part for part in parts if part)


def doubts(run: Run, found: Tried) -> list[str]:
    """What the trial of a network met before any training that is hardly meant."""
    name = run.model.spelling
    lines = {
        f"{run.activation.spelling} in {name}: the output is NaN or infinite for some of the few inputs that it was "
        "tried with, before any training.": not found.finite,
        scaled_twice(name, found.scaled_twice_by): bool(found.scaled_twice_by),
        f"{name}: {plural(found.frozen, 'layer')} with weights drawn anew that are never trained, as the network has "
        "them frozen. --weights keep begins with its own.": bool(found.frozen),
    }
    return [line for line, is_so in lines.items() if is_so]


def scaled_twice(name: str, layer: str) -> str:
    """That a network scales by itself what comes scaled."""
    return (
        f"{name} scales its inputs in the layer {layer!r}, and they come scaled already: pixels from 0 to 1, columns "
        "standardized. Take that layer out, or undo what was done by one in front of it, Rescaling(255) for pixels."
    )


STARTING = "starting workers"
EPOCHS = "epochs"


def all_runs(done: int, total: int) -> str:
    """What the bar of all runs is called."""
    return f"{done}/{total} runs done"


def planned(to_train: int, stored: int) -> str:
    """What there is to do; empty where nothing is stored yet."""
    also = f"{to_train} to train" if to_train else "nothing to train; --rerun trains again"
    return f"{plural(stored, 'run')} already stored, {also}." if stored else ""


def goes_on(name: str, after: int, epochs: int) -> str:
    """From where a run goes on that was interrupted."""
    return f"{name}: goes on from epoch {after + 1} of {epochs}"


def at_epoch(run: Run, row: Epoch, *, briefly: bool) -> str:
    """The figures of an epoch beside its bar."""
    accuracy = _judging(run, row)
    return accuracy if briefly else f"loss {row.train_loss:.4f}  {accuracy}"


def _judging(run: Run, row: Epoch) -> str:
    """The accuracy on the part that a run is for: whoever watches a tuning sees nothing of the test images, either."""
    if run.role == TUNING and row.val_accuracy is not None:
        return f"validation {percent(row.val_accuracy)}%"
    return f"test {percent(row.test_accuracy)}%"


def run_ended(record: Record, name: str, done: int, of: int) -> str:
    """What became of a run, and how many are done."""
    row = run_row(record)
    line = f"[{done}/{of}] {name}"
    if record.status in ("failed", "oom"):
        return f"{line}: {record.status}: {record.error}"
    if not row["epochs_run"]:
        return f"{line}: {record.status} before the end of its first epoch"
    figures = _judging(record.run, record.epochs[-1])
    if record.run.role != TUNING:
        figures += f" (best {percent(row['best_test_accuracy'])}% in epoch {row['best_epoch']})"
    seconds = f"{row['train_seconds']:.1f} s training, {row['wall_seconds']:.1f} s in all"
    return f"{line}: {REMARKS.get(record.status, '')}{figures}, {seconds}"


def stopping(running: int) -> str:
    """The answer to the first Ctrl-C."""
    after = "after this epoch" if running == 1 else f"after this epoch of {running} runs"
    return f"Stopping {after if running else 'before anything begins'}; again: end now."
