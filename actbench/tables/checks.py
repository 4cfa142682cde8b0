"""Checks for a CI job: ``test_accuracy(mish) < test_accuracy(relu) - 0.01``, read by a parser that can do no harm.

What is known: the figures of the arm table as functions of an arm, the verdicts ``better(mish, relu)``,
``worse(mish, relu)`` and ``within(mish, relu, 0.005)``, numbers, ``+ - * /``, comparisons, ``and``, ``or``, ``not``,
and brackets. Nothing is executed: the text is parsed into a tree, and only these kinds of nodes are walked.
"""

from __future__ import annotations

import ast
import functools
import itertools
import math
import operator
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from actbench.errors import UserError, did_you_mean
from actbench.results.thresholds import KINDS, ColumnName, ThresholdColumn, parse
from actbench.statistics import Standing, Verdict
from actbench.tables.arms import CLOCKS, COUNTS, ENDS, LOSSES, MEANS, SPREADS
from actbench.tables.select import name_some, tidy
from actbench.tables.warnings import Hindrance

if TYPE_CHECKING:
    import pandas as pd

    from actbench.tables.tasks import Distinction

ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FIGURES = (
    *MEANS, *LOSSES, *SPREADS.values(), *CLOCKS, *COUNTS, "runs", "diverged", "failed", "learned", "learned_low",
    "learned_high", *ENDS,
)  # fmt: skip
VERDICTS = {"better": 2, "worse": 2, "within": 3}
"""What `compare` would say of two arms by test accuracy, and how many arguments each takes: arm, baseline, margin."""
Figure: TypeAlias = float | Standing | Hindrance
LONGEST = 1000
# Python's stack holds a few times as many, also where a part is written out again.
DEEPEST = 60


@dataclass(frozen=True)
class Check:
    """A condition under which the command fails.

    Attributes:
        text: as it was written.
        tree: as it was parsed.
        arms: the arms that it names, tidied.
        thresholds: those that it names.
        source: where it stands: the option, or a study.
    """

    text: str
    tree: ast.expr
    arms: frozenset[str]
    thresholds: tuple[float, ...]
    source: str


Judge: TypeAlias = Callable[[str, str, float | None], Verdict | Hindrance | None]
"""The verdict on an arm against a baseline, as a family of one, at a margin; None where nothing can be compared, and a
hindrance where their seeds were chosen by results that these two are not judged by."""


@dataclass(frozen=True)
class Known:
    """What checks may ask of a task: its arm table, and verdicts on its arms by the names that stand there."""

    arms: pd.DataFrame
    judge: Judge

    @functools.cached_property
    def rows(self) -> dict[str, dict[Any, Any]]:
        """The table's rows by the tidied names of the arms."""
        return {tidy(str(row["activation"])): row for row in self.arms.to_dict("records")}


@dataclass(frozen=True)
class CheckResult:
    """What a check came to in one task.

    Attributes:
        check: as it was written.
        task: what tells the task from the others.
        failed: whether the condition holds, or some of its figures has no value: what cannot be known must not pass.
        figures: those that decided, as they were written, in order: a number or a verdict's standing; nan where there
            is no value, and a hindrance where the looks at the seeds give no verdict.
    """

    check: str
    task: Distinction
    failed: bool
    figures: tuple[tuple[str, Figure], ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The figures without a value, and the verdicts that cannot be told."""
        return tuple(name for name, value in self.figures if _is_unknown(value))


def parse_check(text: str, source: str = "--fail-if") -> Check:
    """Read a condition. Raises UserError, naming what is wrong, for anything beyond what the module says."""
    if len(text) > LONGEST:
        raise UserError(f"{source}: a condition of {len(text)} characters is too long.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Python thinks of such an expression
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UserError(
            f"{source} {text!r} cannot be read. Write it like 'test_accuracy(mish) < test_accuracy(relu) - 0.01'; "
            "names of arms that hold a colon stand in quotes."
        ) from None
    walker = _Walker(text, source)
    if walker.kind(tree) != "truth":
        raise UserError(f"{source} {text!r} is a number, not a condition; compare it with something.")
    return Check(text, tree, frozenset(walker.arms), tuple(sorted(walker.thresholds)), source)


def run_check(check: Check, task: Distinction, known: Known) -> CheckResult | None:
    """Evaluate a check in a task; None where the task lacks an arm that the check names."""
    if not check.arms <= known.rows.keys():
        return None
    figures: dict[str, Figure] = {}
    holds = bool(_value(check.tree, known, figures))
    failed = holds or any(map(_is_unknown, figures.values()))
    return CheckResult(check.text, task, failed, tuple(figures.items()))


def run_checks(checks: Sequence[Check], tasks: Mapping[Distinction, Known]) -> list[CheckResult]:
    """Evaluate checks in every task that has their arms.

    Raises:
        UserError: a check names an arm that is in no task.
    """
    results = []
    for check in checks:
        found = [result for task, known in tasks.items() if (result := run_check(check, task, known)) is not None]
        if not found:
            names = list(dict.fromkeys(str(name) for known in tasks.values() for name in known.arms["activation"]))
            absent = sorted(check.arms - {tidy(name) for name in names})
            what = name_some(absent) if absent else f"{name_some(sorted(check.arms))} in one task"
            hint = did_you_mean(absent[0], names) if absent else ""
            raise UserError(
                f"{check.source} {check.text!r}: there is no {what} among the arms {name_some(names)}.{hint}"
            )
        results += found
    return results


class _Walker:
    """Checks every node of a condition before anything is evaluated, and collects the arms and thresholds."""

    def __init__(self, text: str, source: str) -> None:
        self.text, self.source = text, source
        self.arms: set[str] = set()
        self.thresholds: set[float] = set()

    def kind(self, node: ast.expr, depth: int = 0) -> str:  # noqa: PLR0911 - one for each kind of node
        """``truth`` or ``number``."""
        if depth > DEEPEST:
            raise self.error(f"more than {DEEPEST} operations within each other")
        depth += 1
        match node:
            case ast.BoolOp(values=values):
                return self.all_are("truth", values, "truth", depth)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.all_are("truth", [operand], "truth", depth)
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in COMPARISONS for op in ops):
                return self.all_are("number", [left, *others], "truth", depth)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return self.all_are("number", [operand], "number", depth)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                return self.all_are("number", [left, right], "number", depth)
            case ast.Constant(value=bool()):
                pass
            case ast.Constant(value=int() | float() as value) if abs(value) <= sys.float_info.max:
                return "number"
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self.verdict(name, args) if name in VERDICTS else self.figure(name, args)
            case _:
                pass
        raise self.error(f"{ast.unparse(node)!r} is not allowed")

    def all_are(self, wanted: str, nodes: Sequence[ast.expr], result: str, depth: int) -> str:
        for node in nodes:
            if self.kind(node, depth) != wanted:
                other = "a condition" if wanted == "truth" else "a number"
                raise self.error(f"{ast.unparse(node)!r} should be {other}")
        return result

    def figure(self, name: str, args: Sequence[ast.expr]) -> str:
        column = figure_column(name, [ast.unparse(arg) for arg in args[1:]])
        if column is None:
            known = [*FIGURES, *(f"{kind}_95" for kind in KINDS), *VERDICTS]
            raise self.error(f"there is no figure {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}")
        if not args or (len(args) > 1 and name not in KINDS):
            raise self.error(f"{name} takes the name of one arm, like {name}(relu)")
        self.arm(args[0])
        if isinstance(column, ThresholdColumn):
            self.thresholds.add(column.threshold)
        return "number"

    def verdict(self, name: str, args: Sequence[ast.expr]) -> str:
        if len(args) != VERDICTS[name]:
            wanted = f"{name}(mish, relu, 0.005)" if name == "within" else f"{name}(mish, relu)"
            raise self.error(f"{name} is written like {wanted}")
        arm, baseline = self.arm(args[0]), self.arm(args[1])
        if arm == baseline:
            raise self.error(f"{name} compares {arm} with itself")
        for margin in args[2:]:
            match margin:
                case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and math.isfinite(
                    value
                ):
                    pass
                case _:
                    raise self.error(f"{ast.unparse(margin)!r} is no margin; it is a number from 0 on, like 0.005")
        return "truth"

    def arm(self, node: ast.expr) -> str:
        """The tidied name of an arm, which is noted."""
        if not isinstance(node, (ast.Name, ast.Call)) and not _is_text(node):
            raise self.error(f"{ast.unparse(node)!r} is not the name of an arm")
        name = tidy(arm_name(node))
        self.arms.add(name)
        return name

    def error(self, what: str) -> UserError:
        return UserError(f"{self.source} {self.text!r}: {what}.")


def figure_column(name: str, more: Sequence[str]) -> ColumnName | None:
    """The column of the arm table that a function stands for: ``epochs_to_95``, or ``epochs_to`` with 0.95."""
    if name in FIGURES:
        return name
    try:
        return KINDS[name](float(more[0])) if name in KINDS and len(more) == 1 else parse(name)
    except ValueError:
        return None


def arm_name(node: ast.expr) -> str:
    """An arm as it was written: ``mish``, ``swish(beta=0.5)``, or in quotes."""
    return str(node.value) if _is_text(node) and isinstance(node, ast.Constant) else ast.unparse(node)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_unknown(value: Figure) -> bool:
    return value is Standing.TOO_FEW or isinstance(value, Hindrance) or (isinstance(value, float) and math.isnan(value))


def _verdict(node: ast.Call, known: Known, figures: dict[str, Figure]) -> bool:
    """Whether `compare` would say so of the two arms; unknown where their seeds are too few for any verdict."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    arm, baseline = (str(known.rows[tidy(arm_name(part))]["activation"]) for part in node.args[:2])
    margin = float(ast.literal_eval(node.args[2])) if name == "within" else None
    found = known.judge(arm, baseline, margin)
    if not isinstance(found, Verdict):
        figures[ast.unparse(node)] = math.nan if found is None else found
        return False
    figures[ast.unparse(node)] = found.standing
    if name == "within":
        return found.is_within
    # Worse in one of the two respects is worse, whatever the other one says.
    return found.standing == name or (name == "worse" and found.standing is Standing.MIXED)


def _figure(name: str, node: ast.Call, known: Known, figures: dict[str, Figure]) -> float:
    """A figure of the arm table."""
    column = figure_column(name, [ast.unparse(arg) for arg in node.args[1:]])
    row = known.rows[tidy(arm_name(node.args[0]))]
    value = float(row[column])
    # A median that is empty in the table is a run that never got there.
    if isinstance(column, ThresholdColumn) and math.isnan(value) and row["runs"]:
        value = math.inf
    figures[ast.unparse(node)] = value
    return value


def _value(node: ast.expr, known: Known, figures: dict[str, Figure]) -> Any:
    match node:
        case ast.BoolOp(op=op, values=values):
            # Every side is evaluated, so that the reason shows all figures.
            truths = [_value(value, known, figures) for value in values]
            return all(truths) if isinstance(op, ast.And) else any(truths)
        case ast.UnaryOp(op=op, operand=operand):
            value = _value(operand, known, figures)
            return not value if isinstance(op, ast.Not) else -value if isinstance(op, ast.USub) else value
        case ast.Compare(left=left, ops=ops, comparators=others):
            values = [_value(side, known, figures) for side in (left, *others)]
            return all(COMPARISONS[type(op)](*pair) for op, pair in zip(ops, itertools.pairwise(values), strict=True))
        case ast.BinOp(left=left, op=op, right=right):
            try:
                value = ARITHMETIC[type(op)](_value(left, known, figures), _value(right, known, figures))
            except (ZeroDivisionError, OverflowError):
                value = math.nan
            if math.isnan(value):
                figures[ast.unparse(node)] = value
            return value
        case ast.Call(func=ast.Name(id=name)):
            return _verdict(node, known, figures) if name in VERDICTS else _figure(name, node, known, figures)
        case ast.Constant(value=int() | float() as value):
            return float(value)
    raise AssertionError(ast.dump(node))  # the walker lets nothing else pass
