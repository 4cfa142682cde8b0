"""A study declared in a TOML file, read strictly: what it does not know, it refuses."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from actbench import custom
from actbench.errors import UserError, did_you_mean, shown
from actbench.registry import check_printable
from actbench.results.columns import SETTINGS
from actbench.studies import article
from actbench.studies.settings import NAMED, own_code, validated
from actbench.studies.study import MOST_SEEDS, Fraction, Study
from actbench.studies.tuning.asked import FIRST_SEED, Tuning, place_of
from actbench.studies.tuning.protocols import PROTOCOLS

TABLES = ("data", "training")
Repeats = Annotated[int, Meta(ge=1, le=MOST_SEEDS)]
NAME = re.compile(r"\w[\w.-]{0,99}")


def keys_of(table: str) -> dict[str, str]:
    """The keys of a table of a study's file, or of its top (``""``), and the settings that they set."""
    places = {name: column.key.rpartition(".") for name, column in SETTINGS.items() if column.key}
    return {key: name for name, (place, _, key) in places.items() if place == table}


TOP = ("name", "description", "source", "thresholds", "checks", *keys_of(""), *TABLES, "grid", "variants", "smoke",
       "tuning", *article.KEYS)  # fmt: skip


def read_study(path: Path, *, allow_code: bool = False) -> Study:
    """Read and check a study file.

    The keys, all optional: ``name`` (else the file's), ``description``, ``source``, ``thresholds``, ``checks`` (what
    ``actbench compare`` is to fail on), ``model``, ``swap``, ``weights``, ``custom_objects``, and the tables ``[data]``
    (``name``, ``limit``, ``validation_split``), ``[training]`` (``optimizer``, ``learning_rate``, ``batch_size``,
    ``epochs``, ``patience``, ``initializer``, ``precision``, ``deterministic``, ``device``), ``[grid]`` (lists of
    values of any of these and of ``activation``; ``seeds``, a number or a list), ``[variants.NAME]`` (values or lists
    that replace the others, also ``seeds``) and ``[smoke]`` (the same, for a short trial of the study). What belongs to
    an article is checked, and read by ``read_article``. Files are named relative to the study's folder. Nothing that it
    names is run here.

    Args:
        path: of the file.
        allow_code: whether it may name any code of this machine, not only what is defined beside or below it.

    Raises:
        UserError: not TOML, an unknown key, a wrong value, an empty list, code from elsewhere; names the file, the key
            and what is allowed.
    """
    with custom.names_from(path.parent):
        return _Reader(path, allow_code=allow_code).study(article.read_toml(path))


class _Reader:
    """Checks the parts of one file; every message begins with its path and the key."""

    def __init__(self, path: Path, *, allow_code: bool) -> None:
        self.path = path
        self.allow_code = allow_code

    def study(self, content: Mapping[str, Any]) -> Study:
        self.known_keys("", content, TOP)
        article.checked_article(self.path, content)
        base = {name: self.value(key, name, content[key]) for key, name in keys_of("").items() if key in content}
        for place in TABLES:
            keys = keys_of(place)
            given = self.table(place, content, keys)
            base |= {keys[key]: self.value(f"{place}.{key}", keys[key], value) for key, value in given.items()}
        grid = self.table("grid", content, (*SETTINGS, "seeds"))
        variants = self.table("variants", content, None)
        thresholds = content.get("thresholds")
        return Study(
            name=self.name(content.get("name", self.path.stem)),
            folder=str(self.path.parent),
            allow_code=self.allow_code,
            description=self.convert("description", content.get("description", ""), str),
            source=self.convert("source", content.get("source", ""), str),
            base=base,
            grid=dict(self.axis(f"grid.{key}", key, value) for key, value in grid.items()),
            variants={
                self.variant(name): self.changes(f"variants.{name}", at, "seeds") for name, at in variants.items()
            },
            smoke=self.changes("smoke", content.get("smoke", {}), "seeds"),
            tuning=self.tuning(content["tuning"]) if "tuning" in content else None,
            checks=self.convert("checks", content.get("checks", []), tuple[str, ...]),
            thresholds=None if thresholds is None else self.convert("thresholds", thresholds, tuple[Fraction, ...]),
        )

    def name(self, value: Any) -> str:
        """The study's name, which becomes the name of a folder."""
        name = self.convert("name", value, str)
        if not NAME.fullmatch(name):
            raise self.error("name", f"is {shown(name)}; letters, digits and . _ - will do, at most 100, and no path")
        return str(name)

    def variant(self, name: str) -> str:
        """A variant's name, which stands in tables."""
        try:
            check_printable(name)
        except UserError as error:
            raise self.error("variants", f"has a name that cannot be: {str(error).rstrip('.')}") from None
        return name

    def changes(self, place: str, changes: Any, *more: str) -> dict[str, Any]:
        """Fields and what replaces them: a value, or a list where the grid had one."""
        if not isinstance(changes, dict):
            raise self.error(place, f"must be a table of settings, like [{place}] with learning_rate = 0.5")
        self.known_keys(place, changes, (*(name for name in SETTINGS if name != "seed"), *more))
        return dict(
            self.axis(f"{place}.{key}", key, value)
            if isinstance(value, list) or key == "seeds"
            else (key, self.value(f"{place}.{key}", key, value))
            for key, value in changes.items()
        )

    def tuning(self, content: Any) -> Tuning:
        """How each arm's own settings are chosen."""
        given = self.table("tuning", {"tuning": content}, Tuning.__struct_fields__)
        for name, values in self.table("grid", given, None).items():
            place = f"tuning.grid.{name}"
            try:
                its = place_of(name)
            except UserError as error:
                raise self.error(place, f"is not possible: {str(error).rstrip('.')}") from None
            if its == name:
                self.axis(place, name, values)
            elif not isinstance(values, list) or len(set(map(str, values))) < max(1, len(values)):
                raise self.error(place, f"is {shown(values)}; it must be a list of different values")
        seeds = given.get("seeds")
        if isinstance(seeds, int) and not isinstance(seeds, bool):
            given = given | {
                "seeds": list(range(FIRST_SEED, FIRST_SEED + self.convert("tuning.seeds", seeds, Repeats)))
            }
        kinds = typing.get_type_hints(Tuning, include_extras=True)
        asked = Tuning(**{key: self.convert(f"tuning.{key}", value, kinds[key]) for key, value in given.items()})
        if asked.grid and given.get("protocol", "grid") != "grid":
            raise self.error("tuning", "has a grid of its own, and a protocol, which brings one; leave one of them out")
        if asked.protocol == "grid" and not asked.grid:
            raise self.error("tuning.grid", "is missing, which lists what is to be tried")
        asked = msgspec.structs.replace(asked, protocol="grid") if asked.grid else asked
        try:
            PROTOCOLS[asked.protocol]
        except UserError as error:
            raise self.error("tuning.protocol", f"is {shown(asked.protocol)}: {str(error).rstrip('.')}") from None
        return asked

    def axis(self, place: str, key: str, value: Any) -> tuple[str, list[Any]]:
        """A field of the grid and its values."""
        if key == "seeds" and isinstance(value, int) and not isinstance(value, bool):
            if not 1 <= value <= MOST_SEEDS:
                raise self.error(
                    place, f"is {shown(value)}; give a number of repeats, 1 to {MOST_SEEDS}, or a list of seeds"
                )
            return "seed", list(range(value))
        field = "seed" if key == "seeds" else key
        if not isinstance(value, list) or not value:
            raise self.error(place, f"is {shown(value)}; it must be a list with at least one value")
        values = [self.value(place, field, item) for item in value]
        meant = [NAMED[field](item) if field in NAMED else item for item in values]
        for number, item in enumerate(meant):
            if item in meant[:number]:
                first = values[meant.index(item)]
                same = "twice" if values[number] == first else f"and {shown(values[number])}, which are the same"
                raise self.error(place, f"holds {shown(first)} {same}")
        return field, values

    def value(self, place: str, field: str, value: Any) -> Any:
        converted = self.convert(place, value, SETTINGS[field].asked)
        if field in NAMED:
            try:
                self.code(field, converted)
                NAMED[field](converted)
            except UserError as error:
                raise self.error(place, f"is {shown(value)}: {str(error).rstrip('.')}") from None
        return converted

    def code(self, field: str, value: Any) -> None:
        """Refuse a person's code from elsewhere: a study that somebody sent must not run what is on this machine."""
        if self.allow_code:
            return
        try:
            for spelling in own_code(field, value):
                custom.check_defined_below(field, spelling, self.path.parent)
        except UserError as error:
            raise UserError(
                f"{error} A study may name only functions and classes defined in files beside or below it; give "
                "--allow-code if you trust it with more."
            ) from None

    def convert(self, place: str, value: Any, kind: Any) -> Any:
        try:
            return validated(value, kind)
        except ValueError as error:
            raise self.error(place, f"is {shown(value)}: {error}") from None

    def table(self, name: str, content: Mapping[str, Any], keys: Iterable[str] | None) -> dict[str, Any]:
        table = content.get(name, {})
        if not isinstance(table, dict):
            raise self.error(name, f"must be a table, [{name}]")
        if keys is not None:
            self.known_keys(name, table, keys)
        return table

    def known_keys(self, place: str, table: Mapping[str, Any], keys: Iterable[str]) -> None:
        for key in table:
            if key not in keys:
                full = f"{place}.{key}" if place else key
                raise self.error(full, f"is not known.{_meant(key, keys)} Allowed are {', '.join(keys)}")

    def error(self, place: str, text: str) -> UserError:
        return UserError(f"{self.path}: {place} {text}.")


def _meant(key: str, allowed: Iterable[str]) -> str:
    """What was meant by a key that is not allowed: a setting by its option's name, or in its other place, or alike."""
    options = {column.option.removeprefix("--").replace("-", "_"): name for name, column in SETTINGS.items()}
    name = options.get(key, key)
    if name in allowed:
        return f" Did you mean {name!r}?"
    place = next((place for place in TABLES if name in keys_of(place)), None)
    return f" Did you mean {name!r} in [{place}]?" if place else did_you_mean(key, allowed)
