"""What a column of the two raw tables is: one declaration, from which files, options, titles and checks follow.

Columns are declared in ``columns.py`` as the fields and properties of the classes whose rows they are::

    batch_size: int = setting(Whole, default=100, option="--batch-size", key="training.batch_size")
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from actbench.errors import shown
from actbench.registry import Choice

ALWAYS_HASHED: Any = object()
"""No value of the setting is left out of the run key: those that every store has had from its first version on."""
METADATA = "column"  # where a field or a function keeps its declaration
TRUTHS = {"True": True, "False": False}
"""How a yes or no stands in a table."""
LARGEST_WHOLE = 2.0**53
"""Above that a float does not tell neighbours apart."""
LOSS_NOISE = 1e-6
"""A loss of zero may come out of single precision a little below."""
_places = itertools.count()
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class Role(StrEnum):
    """What a column is for."""

    SETTING = "setting"
    """What the run was asked to do."""
    IDENTITY = "identity"
    """Which run it is, of which study, on which data."""
    OUTCOME = "outcome"
    """What came of it."""
    CLOCK = "clock"
    """How long it took."""
    ENVIRONMENT = "environment"
    """What it was computed with."""


class Unit(StrEnum):
    """What a number counts."""

    NONE = ""
    FRACTION = "fraction"
    NATS = "nats"
    SECONDS = "seconds"
    MIB = "MiB"
    EPOCHS = "epochs"
    INPUTS = "inputs"


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: in files and in code.
        type: of its values: int, float, str or bool.
        role: what it is for.
        unit: of a number.
        title: on paper; empty is the name with blanks.
        since: the schema version that brought it.
        neutral: the value that rows of older versions had without saying so. A setting that holds it is left out of the
            run key, so that a new setting changes the key of no stored run. None for figures: an empty cell.
        hashed: whether it is part of the run key.
        shared: whether figures may stand beside each other only where they agree in it.
        asked: for a setting, the type that a study may give, with its limits.
        default: for a setting, what a run takes that was asked for nothing.
        option: for a setting, the option of ``actbench run``.
        key: for a setting, its place in a study file: ``training.learning_rate``.
        asked_as: for a setting, its name in a grid or variant.
        place: puts the columns of a class into the order in which they were declared.
    """

    name: str
    type: Any
    role: Role
    unit: Unit = Unit.NONE
    title: str = ""
    since: int = 1
    neutral: Any = None
    hashed: bool = False
    shared: bool = False
    asked: Any = None
    default: Any = None
    option: str = ""
    key: str = ""
    asked_as: str = ""
    place: int = 0

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers."""
        return self.type in (int, float)

    @property
    def on_paper(self) -> str:
        """Its name for people."""
        return self.title or self.name.replace("_", " ")

    @property
    def parameter(self) -> str:
        """The name that its option has in code: ``lr`` for ``--lr``."""
        return self.option.lstrip("-").replace("-", "_")

    @property
    def neutral_text(self) -> str:
        """The cell of a row that is older than the column."""
        return "" if self.neutral is None or self.neutral is ALWAYS_HASHED else str(self.neutral)

    def impossible(self, numbers: Any) -> Iterator[tuple[Any, str]]:
        """What no run has: below zero, infinite but for a loss, no fraction, not whole.

        Args:
            numbers: one of them, or an array.

        Yields:
            Whether it is so, or for each of the array, and what is to be said of it. NaN, as an empty cell is read, is
            never so.
        """
        loss = self.unit is Unit.NATS
        if self.unit is Unit.FRACTION and self.role is Role.OUTCOME:
            yield (numbers < 0) | (numbers > 1), "is no fraction between 0 and 1 (percent are for paper)"
        yield numbers < (-LOSS_NOISE if loss else 0), "is below zero"
        if not loss:
            yield numbers == math.inf, "is not finite"
        if self.type is int:
            yield (numbers % 1 > 0) | (numbers > LARGEST_WHOLE), "is no whole number"

    def is_unasked(self, value: Any) -> bool:
        """Whether nobody has to ask for a value: the neutral one; none, zero and no in the first version's settings."""
        if value is None or value != value:  # noqa: PLR0124 - an empty cell of numbers is nan
            return True
        if value == "" and self.neutral is None:  # as an empty cell of words is
            return True
        return value in ("", 0) if self.neutral is ALWAYS_HASHED else bool(value == self.neutral)


def setting(  # noqa: PLR0913 - one argument a fact; all by name
    asked: Any, *, default: Any, option: str, key: str = "", asked_as: str = "", neutral: Any = ALWAYS_HASHED,
    hashed: bool = True, shared: bool = True, unit: Unit = Unit.NONE, title: str = "", since: int = 1,
) -> Any:  # fmt: skip
    """A field that says what the run is asked to do. See `Column`; later than version 1, it needs a neutral value."""
    if since > 1 and neutral is ALWAYS_HASHED:
        raise TypeError("a setting that older stores lack needs a neutral value, or their keys would change")
    known: dict[str, Any] = {} if neutral is ALWAYS_HASHED else {"default": neutral}
    return _field(
        known, role=Role.SETTING, asked=asked, default=default, option=option, key=key, asked_as=asked_as,
        neutral=neutral, hashed=hashed, shared=shared, unit=unit, title=title, since=since,
    )  # fmt: skip


def identity(
    *, default: Any = dataclasses.MISSING, hashed: bool = False, shared: bool = False, title: str = "", since: int = 1
) -> Any:
    """A field that says which run it is. Later than version 1, its default is the neutral value."""
    known = {} if default is dataclasses.MISSING else {"default": default}
    neutral = known.get("default")
    return _field(known, role=Role.IDENTITY, hashed=hashed, shared=shared, title=title, since=since, neutral=neutral)


def figure(
    role: Role, *, default: Any = dataclasses.MISSING, unit: Unit = Unit.NONE, shared: bool = False, title: str = "",
    since: int = 1,
) -> Any:  # fmt: skip
    """A field that says what came of a run, how long it took, or what it was computed with."""
    known = {} if default is dataclasses.MISSING else {"default": default}
    return _field(known, role=role, unit=unit, shared=shared, title=title, since=since)


def derived(
    role: Role, *, unit: Unit = Unit.NONE, shared: bool = False, title: str = "", since: int = 1
) -> Callable[[FunctionT], FunctionT]:
    """Mark the function below a ``property`` as a column, too."""
    declared = {"role": role, "unit": unit, "shared": shared, "title": title, "since": since, "place": next(_places)}

    def mark(function: FunctionT) -> FunctionT:
        setattr(function, METADATA, declared)
        return function

    return mark


def _field(options: dict[str, Any], **declared: Any) -> Any:
    return dataclasses.field(metadata={METADATA: declared | {"place": next(_places)}}, **options)


def columns_of(cls: type) -> tuple[Column, ...]:
    """The columns that a class declares, in the order of their declaration."""
    hints = typing.get_type_hints(cls)
    found = [(f.name, hints[f.name], f.metadata[METADATA]) for f in dataclasses.fields(cls) if METADATA in f.metadata]
    found += [
        (name, typing.get_type_hints(value.fget)["return"], getattr(value.fget, METADATA))
        for name, value in vars(cls).items()
        if isinstance(value, property) and hasattr(value.fget, METADATA)
    ]
    columns = []
    for name, annotation, declared in found:
        asked_as = declared.get("asked_as") or (name if declared["role"] is Role.SETTING else "")
        columns.append(Column(name, _plain_type(annotation), **declared | {"asked_as": asked_as}))
    return tuple(sorted(columns, key=lambda column: column.place))


def check_possible(columns: Iterable[Column], holder: object) -> None:
    """Raise ValueError where an attribute is a number that could be written, but never be read again."""
    for column in columns:
        number = getattr(holder, column.name) if column.is_number else None
        if number is None or number != number:  # noqa: PLR0124 - NaN, which is written as an empty cell is
            continue
        for wrong, why in column.impossible(number):
            if wrong:
                raise ValueError(f"{column.name} {shown(number)} {why}")


def _plain_type(annotation: Any) -> Any:
    """The type of the cells: ``int`` for ``int | None``, ``str`` for choices and for words from a list."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        (annotation,) = (part for part in typing.get_args(annotation) if part is not type(None))
    if annotation is Choice or typing.get_origin(annotation) is typing.Literal:
        return str
    return annotation
