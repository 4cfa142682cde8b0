"""What an article printed and claimed: the part of a study's file that is not about training."""

from __future__ import annotations

import decimal
import fnmatch
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from actbench import activations, custom
from actbench.errors import UserError, did_you_mean, shown
from actbench.results.files import check_readable
from actbench.results.thresholds import EpochsTo, parse

LARGEST_FILE = 1 << 20
"""Bytes of a study's file."""
KEYS = ("notes", "published", "curves", "claims")
"""Keys of a study's file that belong to the article."""
Unit = Literal["%", "s", "ms", "pp", ""]
FIGURE = r"\d{1,12}(?:\.\d{1,12})?"
QUANTITY = re.compile(rf"(?:-|({FIGURE})(?:\s*±\s*({FIGURE}))?)\s*(%|ms|s|pp)?")
CELLS = (
    "train_accuracy", "test_accuracy", "best_test_accuracy", "epochs_run", "train_seconds", "step_milliseconds",
)  # fmt: skip
"""Columns that a printed table may have, beside ``epochs_to_95`` and its like."""
ACCURACIES = CELLS[:3]
"""Of these, the ones that a mean of several runs is read of."""
CURVE = ("train_accuracy", "train_loss", "test_accuracy", "test_loss")


@dataclass(frozen=True)
class Quantity:
    """A printed figure: ``98.01 %`` is the number 98.01 with two decimals and the unit %; None: it printed a dash.

    ``98.94 ± 0.04 %`` is a mean and the standard deviation that was printed with it, in the same unit.
    """

    number: float | None
    decimals: int
    unit: str
    sd: float | None = None

    @property
    def text(self) -> str:
        """The figure without its unit."""
        return self.shown(self.number)

    def shown(self, number: float | None) -> str:
        """Another figure of the same unit with as many decimals, halves rounded up as people do."""
        if number is None:
            return "-"
        # 59,997 right of 60,000 are 99.995 %, which no float is: what is nearer than 1e-9 to a half is one.
        exact = decimal.Decimal(f"{number:.9f}")
        return str(exact.quantize(decimal.Decimal(1).scaleb(-self.decimals), decimal.ROUND_HALF_UP))


def quantity(text: str) -> Quantity:
    """Read ``98.01 %``, ``98.94 ± 0.04 %``, ``0.6913``, ``6 ms``, ``-``. Raises ValueError."""
    found = QUANTITY.fullmatch(text.strip())
    if not found:
        raise ValueError(
            f"{shown(text.strip())} is no printed figure; write it like '98.01 %', '98.94 ± 0.04 %', '0.6913', '6 ms' "
            "or '-'"
        )
    figure, sd, unit = found.groups()
    if figure is None:
        return Quantity(None, 0, unit or "")
    return Quantity(float(figure), len(figure.partition(".")[2]), unit or "", float(sd) if sd else None)


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A printed table: a line of column names, then a line an arm, cells parted by ``|``.

    ``seed``: the seed that the article trained with, if it said so; its figures are then held against that very run,
    which is not counted where claims are judged. ``runs``: of how many runs, whose seeds nobody knows, each cell is the
    mean, printed with its standard deviation, ``98.94 ± 0.04 %``; and ``ddof``, whether that has ``runs - 1`` in its
    denominator or, as NumPy's ``std`` has, ``runs``.
    """

    table: str
    variant: str = ""
    seed: int | None = None
    runs: Annotated[int, Meta(ge=2)] | None = None
    ddof: Literal[0, 1] = 1
    place: str = ""


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A printed learning curve: a line of column names that begins with ``epoch``, then a line an epoch."""

    activation: str
    seed: int
    listing: str
    variant: str = ""


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that the article says, and how it is judged: by exactly one of ``arm``, ``cells`` and ``curve``.

    Attributes:
        text: the claim, in English.
        quote: in the article's own words.
        expected: whether ``actbench reproduce`` fails where the claim does not hold.
        variants: where it is judged, once in each.
        arm, relation, than, by, margin: ``arm`` is ``higher`` or ``lower`` by the metric ``by`` than the arms ``than``
            (``others`` stands for all of the variant; ``wide: relu`` is that of another variant, paired by seed), or
            ``alike``: their difference is within ``margin``, which is what ``--margin`` is. ``by`` is a metric of
            ``compare``, or ``epoch_seconds``, the median over a run's epochs, which a busy machine hardly moves.
        cells, at_least, within: of the printed cells of the arms ``variant: activation`` (``*`` and ``?`` stand for
            anything) so many are met to the digit, or, with ``within``, each accuracy to that fraction; of means of
            several runs, the true difference of the means.
        columns: of these cells only those in the columns with these names.
        curve, within, through: the printed curve of that arm is followed within ``within`` through that epoch.
    """

    text: str
    quote: str = ""
    expected: bool = False
    variants: Annotated[tuple[str, ...], Meta(min_length=1)] = ("",)
    arm: str | None = None
    relation: Literal["higher", "lower", "alike"] | None = msgspec.field(default=None, name="is")
    than: tuple[str, ...] | Literal["others"] = "others"
    by: str = "test_accuracy"
    margin: Annotated[float, Meta(gt=0)] | None = None
    cells: tuple[str, ...] | None = None
    columns: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    at_least: Annotated[int, Meta(ge=1)] | None = None
    within: Annotated[float, Meta(gt=0)] | None = None
    curve: str | None = None
    through: Annotated[int, Meta(ge=1)] | None = None


class Article(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a study's file says of its article.

    Attributes:
        notes: what a reader must know: what the article left open, and what was chosen.
        published: the printed tables.
        curves: the printed learning curves.
        claims: what it says in words.
    """

    notes: tuple[str, ...] = ()
    published: tuple[Table, ...] = ()
    curves: tuple[Listing, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class PrintedFigure:
    """A printed figure and what it is of.

    Attributes:
        variant, activation, column: what was measured of whom.
        seed: of a single run, if the article named it.
        quantity: what was printed.
        place: where it stands in the article.
        runs: of how many it is the mean; None for a single run's.
        sd: their standard deviation, with ``runs - 1`` in the denominator, in the printed unit; None for a single run.
    """

    variant: str
    activation: str
    seed: int | None
    column: str | EpochsTo
    quantity: Quantity
    place: str
    runs: int | None = None
    sd: float | None = None

    @property
    def arm(self) -> str:
        """Variant and activation, as claims name them."""
        return f"{self.variant}: {self.activation}"

    def is_of(self, claim: Claim) -> bool:
        """Whether a claim about cells is about this one."""
        return any(fnmatch.fnmatchcase(self.arm, pattern) for pattern in claim.cells or ()) and (
            claim.columns is None or str(self.column) in claim.columns
        )


@dataclass(frozen=True)
class PrintedCurve:
    """A printed learning curve: for each epoch the figures by column."""

    variant: str
    activation: str
    seed: int
    points: dict[int, dict[str, float]]


def read_article(path: Path) -> Article:
    """Read and check the article's part of a study's file. Raises UserError, naming file, key and what is wrong."""
    with custom.names_from(path.parent):
        return checked_article(path, read_toml(path))


def checked_article(path: Path, content: Mapping[str, Any]) -> Article:
    """The article's part of a file that was read. Raises UserError, naming file, key and what is wrong."""
    try:
        article = msgspec.convert({key: content[key] for key in KEYS if key in content}, Article)
        printed = printed_cells(article)
        for number, claim in enumerate(article.claims):
            _check(number, claim, printed)
        printed_curves(article)
    except (msgspec.ValidationError, ValueError) as error:
        raise UserError(f"{path}: {str(error).rstrip('.')}.") from None
    return article


def read_toml(path: Path) -> dict[str, Any]:
    """A study's file as it stands. Raises UserError where it cannot be read or is not TOML."""
    check_readable(path)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UserError(f"The study {str(path)!r} is larger than {LARGEST_FILE >> 20} MiB. Name the right file.")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"Cannot read the study {str(path)!r}: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"Cannot read the study {str(path)!r}: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not valid TOML: {error}.") from None
    except (ValueError, RecursionError, OverflowError) as error:  # a number of 5,000 digits, lists in lists without end
        raise UserError(f"{path} holds a value that cannot be read: {error}.") from None


def printed_cells(article: Article) -> list[PrintedFigure]:
    """Every cell of the printed tables, arms by their canonical spelling. Raises ValueError."""
    cells = []
    for number, table in enumerate(article.published):
        where = f"published[{number}]"
        if table.runs and table.seed is not None:
            raise ValueError(f"{where}: give runs, of which each cell is a mean, or the seed of a single run, not both")
        names, *rows = _rows(table.table, "|", where)
        columns = [_column(name, where) for name in names[1:]]
        for row in rows:
            arm = spelling(row[0], where)
            for column, text in zip(columns, row[1:], strict=True):
                try:
                    figure = quantity(text)
                    sd = _sample_sd(table, column, figure)
                except ValueError as error:
                    raise ValueError(f"{where}, {row[0]}, {column}: {error}") from None
                cells.append(PrintedFigure(table.variant, arm, table.seed, column, figure, table.place, table.runs, sd))
    return cells


def _sample_sd(table: Table, column: str | EpochsTo, figure: Quantity) -> float | None:
    """The printed standard deviation, made one with n - 1; None in a table of single runs. Raises ValueError."""
    if table.runs is None:
        if figure.sd is not None:
            raise ValueError("say of how many runs the mean and its standard deviation are: runs = …")
        return None
    if column not in ACCURACIES:
        raise ValueError(f"means of several runs are read of {', '.join(ACCURACIES)} only")
    if figure.sd is None:
        raise ValueError(f"a mean of {table.runs} runs is printed with its standard deviation, like '98.94 ± 0.04 %'")
    return figure.sd * math.sqrt((table.runs - table.ddof) / (table.runs - 1))


def _column(name: str, where: str) -> str | EpochsTo:
    """What a printed column is about. Raises ValueError."""
    column = name if name in CELLS else parse(name)
    if isinstance(column, (str, EpochsTo)):
        return column
    known = [*CELLS, "epochs_to_95"]
    raise ValueError(f"{where}: there is no column {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}")


def printed_curves(article: Article) -> list[PrintedCurve]:
    """The printed curves. Raises ValueError."""
    curves = []
    for number, listing in enumerate(article.curves):
        where = f"curves[{number}]"
        names, *rows = _rows(listing.listing, None, where)
        unknown = [name for name in names[1:] if name not in CURVE]
        if names[0] != "epoch" or unknown:
            raise ValueError(f"{where}: its first line must be 'epoch' and some of {', '.join(CURVE)}")
        try:
            points = {int(row[0]): dict(zip(names[1:], map(float, row[1:]), strict=True)) for row in rows}
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        curves.append(PrintedCurve(listing.variant, spelling(listing.activation, where), listing.seed, points))
    return curves


def _rows(text: str, separator: str | None, where: str) -> list[list[str]]:
    rows = [[cell.strip() for cell in line.split(separator)] for line in text.strip().splitlines()]
    for row in rows:
        if len(row) != len(rows[0]):
            raise ValueError(f"{where}: the line {' '.join(row)!r} has {len(row)} cells, not {len(rows[0])}")
    if len(rows) < 2:  # noqa: PLR2004 - names and figures
        raise ValueError(f"{where}: it takes a line of column names and at least one of figures")
    return rows


def spelling(text: str, where: str) -> str:
    """The canonical spelling of an arm. Raises ValueError."""
    try:
        return activations.named(text).spelling
    except UserError as error:
        raise ValueError(f"{where}: {str(error).rstrip('.')}") from None


def rival_of(text: str, variant: str) -> tuple[str, str]:
    """Variant and canonical spelling of a rival: ``relu`` in the claim's own variant, or ``wide: relu``.

    Raises:
        ValueError: there is no such activation.
    """
    place, named, name = text.rpartition(": ")
    return place if named else variant, spelling(name, "than")


def own_seeds(article: Article) -> frozenset[int]:
    """The seeds that the article names: its own runs, which are replayed, shown, and never counted for its claims."""
    seeds = [table.seed for table in article.published] + [listing.seed for listing in article.curves]
    return frozenset(seed for seed in seeds if seed is not None)


def _check(number: int, claim: Claim, printed: list[PrintedFigure]) -> None:
    where = f"claims[{number}]"
    chosen = [name for name in ("arm", "cells", "curve") if getattr(claim, name) is not None]
    if len(chosen) != 1:
        raise ValueError(f"{where}: give exactly one of arm, cells and curve, not {' and '.join(chosen) or 'none'}")
    if claim.arm is not None:
        if claim.relation is None:
            raise ValueError(f"{where}: say how the arm compares: is = 'higher', 'lower' or 'alike'")
        if (claim.relation == "alike") != (claim.margin is not None):
            raise ValueError(f"{where}: margin belongs to is = 'alike', which needs it")
        spelling(claim.arm, where)
        for name in () if claim.than == "others" else claim.than:
            try:
                rival_of(name, "")
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from None
    if claim.columns is not None and claim.cells is None:
        raise ValueError(f"{where}: columns belongs to cells")
    if claim.cells is not None:
        _check_cells(where, claim, printed)
    if claim.curve is not None and (claim.within is None or claim.through is None):
        raise ValueError(f"{where}: a curve is followed within = … through = …")


def _check_cells(where: str, claim: Claim, printed: list[PrintedFigure]) -> None:
    meant = [cell for cell in printed if cell.is_of(claim)]
    if not meant:
        arms = ", ".join(dict.fromkeys(repr(cell.arm) for cell in printed))
        raise ValueError(f"{where}: no printed cell is meant; arms: {arms or 'none'}")
    several = {cell.runs is not None for cell in meant}
    if len(several) > 1:
        raise ValueError(f"{where}: its cells are of single runs or means of several, not both")
    if several == {True} and claim.within is None:
        raise ValueError(f"{where}: means of several runs meet no digits; say within = …")
