"""Which runs are looked at: filters by activation, data, model, and any column of ``runs.csv``."""

from __future__ import annotations

import fnmatch
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actbench.errors import UserError, did_you_mean
from actbench.results.columns import BY_NAME

if TYPE_CHECKING:
    import pandas as pd

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
# The value is stripped afterwards: a pattern that does so tries every blank of a long value with every other one.
CONDITION = re.compile(r"(\w+)\s*(<=|>=|!=|==?|<|>)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Selection:
    """What to keep of some runs; nothing given keeps all.

    Attributes:
        activations, data, models: names as the tables print them, where ``*`` and ``?`` stand for anything; a bare name
            also stands for the same with parameters, unless it is there by itself.
        where: conditions like ``seed<5`` or ``optimizer=adam`` over the columns of ``runs.csv``, which must all hold.
    """

    activations: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    where: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.activations or self.data or self.models or self.where)


def select(runs: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """The runs that were asked for. Raises UserError where a filter names something that is not there."""
    for option, column, wanted in (
        ("--act", "activation", selection.activations),
        ("--data", "dataset", selection.data),
        ("--model", "model", selection.models),
    ):
        if wanted:
            there = list(dict.fromkeys(runs[column]))
            chosen = {name for text in wanted for name in matching(text, there, option)}
            runs = runs[runs[column].isin(chosen)]
    for condition in selection.where:
        runs = runs[_holds(runs, condition)]
        if runs.empty:
            raise UserError(f"--where {condition!r} leaves no run.")
    return runs


def matching(text: str, there: Sequence[str], option: str) -> list[str]:
    """The names that ``text`` stands for. Raises UserError where it stands for none."""
    wanted = tidy(text)
    tidied = {name: tidy(name) for name in there}
    found = [name for name, form in tidied.items() if form == wanted]
    found = found or [name for name, form in tidied.items() if fnmatch.fnmatchcase(form, _literal_brackets(wanted))]
    found = found or [name for name, form in tidied.items() if form.partition("(")[0] == wanted]
    if not found:
        raise UserError(f"{option} {text!r} is not among these results: {name_some(there)}.{did_you_mean(text, there)}")
    return found


def tidy(spelling: str) -> str:
    """A spelling without the differences that mean nothing: blanks and the kind of quotes."""
    return "".join(spelling.split()).replace('"', "'")


def name_some(names: Sequence[str], most: int = 12) -> str:
    """Some names as a list in a sentence."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _literal_brackets(pattern: str) -> str:
    return pattern.replace("[", "[[]")


def _holds(runs: pd.DataFrame, condition: str) -> pd.Series[bool]:
    parsed = CONDITION.fullmatch(condition.strip())
    if parsed is None:
        raise UserError(f"--where {condition!r} is not a condition. Write COLUMN OPERATOR VALUE, like 'seed<5'.")
    column, sign, value = parsed[1], parsed[2], parsed[3].strip()
    if column not in runs:
        raise UserError(f"--where knows no column {column!r}.{did_you_mean(column, BY_NAME)}")
    compare = OPERATORS["=" if sign == "==" else sign]
    declared = BY_NAME.get(column)
    if declared is not None and declared.type is bool:
        if value.lower() not in TRUTHS or compare not in (operator.eq, operator.ne):
            raise UserError(f"--where {condition!r}: {column} is only = or != to true or false.")
        truth: pd.Series[bool] = compare(runs[column], TRUTHS[value.lower()])
        return truth
    if declared is None or not declared.is_number:
        if compare not in (operator.eq, operator.ne):
            raise UserError(f"--where {condition!r}: {column} is text, which is only = or != to something.")
        text = runs[column].astype("str").str.strip()
        result: pd.Series[bool] = compare(text, value)
        return result
    try:
        number = float(value)
    except ValueError:
        raise UserError(f"--where {condition!r}: {value!r} is not a number.") from None
    holds: pd.Series[bool] = compare(runs[column], number)
    return holds
