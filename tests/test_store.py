"""The store: what goes in comes out, nothing half-written survives, nobody else's file is touched."""

import csv
import dataclasses
import logging
import math
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from conftest import mostly_slow

from actbench.errors import UserError
from actbench.execution.events import SweepPlanned
from actbench.registry import Choice
from actbench.reports.loggers import LOGGERS
from actbench.results.checkpoint import Checkpoint
from actbench.results.columns import SCHEMA_VERSION, Epoch, Record, Run, Versions
from actbench.results.files import replace
from actbench.results.frames import SHOWN, epoch_chunks, read_frames, run_frames
from actbench.results.read import (
    EPOCH_TABLE,
    EPOCHS,
    MANIFEST,
    RUN_TABLE,
    RUNS,
    TABLE,
    read_epochs,
    read_manifest,
    read_runs,
)
from actbench.results.store import Store
from actbench.results.text import LONGEST_CELL, csv_lines


def run_of(activation="relu", seed=0, **changes):
    choice = Choice(activation, activation)
    fields = {
        "study": "adhoc",
        "variant": "",
        "activation": choice,
        "dataset": "digits",
        "dataset_sha256": "ab" * 32,
        "limit": None,
        "validation_split": 0.0,
        "model": Choice("mlp(100, 50)", "mlp(100, 50)"),
        "optimizer": Choice("adam", "adam(beta_1=0.9)"),
        "learning_rate": 0.001,
        "batch_size": 100,
        "epochs": 2,
        "patience": None,
        "initializer": "glorot_uniform",
        "precision": "float32",
        "deterministic": False,
        "seed": seed,
        "device": "cpu",
    }
    return Run(**fields | changes)


def epoch_of(number, accuracy=0.5, **changes):
    fields = {
        "epoch": number,
        "train_loss": 1 / (number + 1),
        "train_accuracy": accuracy - 0.1,
        "val_loss": None,
        "val_accuracy": None,
        "test_loss": 1 / 3,
        "test_accuracy": accuracy,
        "train_seconds": 0.1 * number,
        "eval_seconds": 0.01 * (number + 1),
        "learning_rate": 0.001,
    }
    return Epoch(**fields | changes)


def record_of(run=None, accuracies=(0.1, 0.6, 0.5), **changes):
    epochs = tuple(epoch_of(number, accuracy) for number, accuracy in enumerate(accuracies))
    fields = {"run": run or run_of(), "status": "ok", "epochs": epochs, "parameters": 12, "train_size": 60}
    return Record(**fields | changes)


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def filled(folder, records=None):
    """A store with three runs; returns what its two tables hold."""
    with Store.open(folder) as store:
        for record in records or [record_of(run_of(seed=seed)) for seed in range(3)]:
            store.append(record)
    return contents(folder)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name in (RUNS, EPOCHS, TABLE, MANIFEST)}


# What goes in comes out


def test_a_record_comes_back_from_the_two_tables(own_folder):
    awkward = run_of("mine.py:act(label='a, \"b\"\\n')", dataset="my data, the second.npz", learning_rate=0.1 + 0.2)
    record = record_of(awkward, started_at="2026-01-01T00:00:00+00:00", versions=Versions(python_version="3.11.7"))
    filled(own_folder, [record])
    (row,) = rows(own_folder / RUNS)
    assert list(row) == list(RUN_TABLE.names)
    assert row["run_key"] == awkward.key
    assert row["activation"] == awkward.activation.spelling
    assert row["dataset"] == "my data, the second.npz"
    assert float(row["learning_rate"]) == 0.1 + 0.2
    assert (row["limit"], row["patience"], row["wall_seconds"]) == ("", "", "")
    assert (row["epochs_run"], row["best_epoch"], row["python_version"]) == ("2", "1", "3.11.7")
    assert (float(row["test_accuracy"]), float(row["best_test_accuracy"])) == (0.5, 0.6)
    epochs = rows(own_folder / EPOCHS)
    assert [list(epoch) for epoch in epochs] == [list(EPOCH_TABLE.names)] * 3
    for epoch, stored in zip(record.epochs, epochs, strict=True):
        assert stored["run_key"] == awkward.key
        for field in dataclasses.fields(Epoch):
            value = getattr(epoch, field.name)
            assert stored[field.name] == "" if value is None else float(stored[field.name]) == value


AWKWARD = {
    "a line break": ("a\r\nb", r"a\r\nb"),
    "half a character": ("a\udcff", r"a\udcff"),
    "a mark": ("\ufeffa", "\ufeffa"),
}


@pytest.mark.parametrize(("text", "cell"), AWKWARD.values(), ids=AWKWARD)
def test_any_text_that_is_stored_can_be_read_again(own_folder, text, cell):
    filled(own_folder, [record_of(run_of(seed=seed), device_name=text) for seed in range(2)])
    with Store.open(own_folder) as store:
        store.append(record_of())  # in place of the first: all is written anew
        store.write_manifest({"versions": {"a": text}, "studies": {text: {}}})
    assert [row["device_name"] for row in read_runs(own_folder)] == [cell, ""]
    assert read_manifest(own_folder) == {"versions": {"a": text}, "studies": {text: {}}}


def test_a_text_longer_than_a_cell_may_be_is_cut(own_folder):
    filled(own_folder, [record_of(error="x" * 140_000)])
    (row,) = read_runs(own_folder)
    assert row["error"] == "x" * (LONGEST_CELL - 1) + "…"


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "\udcff", "x" * 140_000])
def test_a_name_that_no_table_can_hold_is_refused_before_anything_is_trained(name):
    for changes in ({"variant": name}, {"dataset": name}, {"model": Choice(name, name)}):
        with pytest.raises(UserError, match="is too long for a table, or holds a line break"):
            run_of(**changes)


IMPOSSIBLE = {"test_accuracy": 1.5, "train_loss": -1.0, "train_seconds": math.inf, "epoch": 10**400}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_numbers_that_no_store_could_be_read_with_come_into_none(name):
    with pytest.raises(ValueError, match=rf"^{name} .* is "):
        dataclasses.replace(epoch_of(1), **{name: IMPOSSIBLE[name]})
    with pytest.raises(ValueError, match="^parameters -1 is below zero"):
        record_of(parameters=-1)


def test_every_column_that_was_promised_is_there():
    promised = """schema_version run_key study variant activation provider dataset dataset_sha256 train_size test_size
        model parameters optimizer learning_rate batch_size epochs epochs_run initializer precision seed device
        device_name jobs status error train_accuracy test_accuracy best_test_accuracy best_epoch train_loss test_loss
        compile_seconds train_seconds eval_seconds wall_seconds peak_memory_mib started_at actbench_version
        keras_version backend backend_version python_version git_commit"""
    assert set(promised.split()) <= set(RUN_TABLE.names)
    promised = """run_key epoch train_loss train_accuracy val_loss val_accuracy test_loss test_accuracy train_seconds
        eval_seconds learning_rate suspended_seconds"""
    assert tuple(promised.split()) == EPOCH_TABLE.names


def test_there_is_one_header_however_often_the_store_is_opened(own_folder):
    for seed in range(3):
        filled(own_folder, [record_of(run_of(seed=seed))])
    for name in (RUNS, EPOCHS):
        text = (own_folder / name).read_text()
        assert text.count("run_key") == 1
        assert text.endswith("\n")
        assert "\r" not in text
    assert [row["seed"] for row in rows(own_folder / RUNS)] == ["0", "1", "2"]


def test_losses_that_are_not_finite_come_back_as_such(own_folder):
    last = epoch_of(1, train_loss=math.nan, test_loss=math.inf)
    filled(own_folder, [record_of(status="diverged", epochs=(epoch_of(0), last))])
    assert math.isnan(float(rows(own_folder / RUNS)[0]["train_loss"]))
    assert float(rows(own_folder / EPOCHS)[1]["test_loss"]) == math.inf


def test_a_run_without_epochs_has_a_row_all_the_same(own_folder):
    filled(own_folder, [record_of(status="failed", epochs=(), error="ValueError: no")])
    (row,) = rows(own_folder / RUNS)
    assert (row["status"], row["error"], row["epochs_run"], row["test_accuracy"]) == (
        "failed",
        "ValueError: no",
        "0",
        "",
    )
    with Store.open(own_folder) as store:
        assert list(store.statuses.values()) == ["failed"]


def test_a_run_becomes_visible_only_after_its_epochs(own_folder, monkeypatch):
    """Whoever reads while it is written may see epochs without a run, never a run without its epochs."""
    seen = []
    write = os.write

    def watched(handle, block):
        if block.startswith((b"run_key,", b"schema_version,")):
            seen.append(((own_folder / EPOCHS).exists(), (own_folder / RUNS).exists(), block[:7]))
        return write(handle, block)

    monkeypatch.setattr(os, "write", watched)
    filled(own_folder, [record_of()])
    # Each file is there, empty, when its own first block is written.
    assert seen == [(True, False, b"run_key"), (True, True, b"schema_")]


def test_a_run_that_is_asked_again_replaces_its_rows(own_folder):
    first, second = run_of(seed=0), run_of(seed=1)
    filled(own_folder, [record_of(first, status="failed", epochs=()), record_of(second)])
    filled(own_folder, [record_of(first, accuracies=(0.1, 0.9))])
    stored = {row["run_key"]: row for row in rows(own_folder / RUNS)}
    assert len(stored) == len(rows(own_folder / RUNS)) == 2
    assert (stored[first.key]["status"], stored[first.key]["test_accuracy"]) == ("ok", "0.9")
    assert len(rows(own_folder / EPOCHS)) == 3 + 2


@pytest.mark.parametrize("status", ["failed", "oom", "interrupted"])
def test_a_finished_run_is_only_replaced_by_a_finished_one(own_folder, status):
    before = filled(own_folder, [record_of(run_of(seed=0)), record_of(run_of(seed=1), status="diverged")])
    with Store.open(own_folder) as store:
        for seed in (0, 1):
            store.append(record_of(run_of(seed=seed), accuracies=(0.1, 0.9), status=status))
        assert list(store.statuses.values()) == ["ok", "diverged"]
    assert contents(own_folder) == before
    filled(own_folder, [record_of(run_of(seed=0), accuracies=(0.1, 0.9), status="diverged")])
    assert [row["test_accuracy"] for row in rows(own_folder / RUNS)] == ["0.5", "0.9"]


def test_finished_runs_are_taken_over_from_another_store_under_the_names_of_the_run(own_folder):
    theirs, ours = own_folder / "theirs", own_folder / "ours"
    wanted = [run_of(seed=seed, study="mine", variant="fast") for seed in range(4)]
    statuses = ["ok", "failed", "diverged"]
    filled(theirs, [record_of(run_of(seed=seed), status=status) for seed, status in enumerate(statuses)])
    filled(ours, [record_of(wanted[0], status="interrupted"), record_of(run_of("mish"))])
    with Store.open(ours) as store:
        store.take_over(theirs, wanted)
        assert [store.statuses.get(run.key) for run in wanted] == ["ok", None, "diverged", None]
    before, after = rows(theirs / RUNS), {row["run_key"]: row for row in rows(ours / RUNS)}
    assert after.keys() == {wanted[0].key, wanted[2].key, run_of("mish").key}
    assert after[wanted[0].key] == before[0] | {"study": "mine", "variant": "fast"}
    assert [row for row in rows(ours / EPOCHS) if row["run_key"] == wanted[2].key] == rows(theirs / EPOCHS)[6:]


def test_a_run_is_taken_over_without_a_tuning_that_only_the_other_store_knows(own_folder):
    scored = run_of(seed=0, tuning="grid-1")
    filled(own_folder / "theirs", [record_of(scored)])
    for name, run in (("plain", run_of(seed=0)), ("tuned", scored)):
        with Store.open(own_folder / name) as store:
            store.take_over(own_folder / "theirs", [run])
    for name, tuning in (("plain", ""), ("tuned", "grid-1")):
        with Store.open(own_folder / name) as store:
            assert store.statuses == {scored.key: "ok"}
        assert [row["tuning"] for row in read_runs(own_folder / name)] == [tuning]


def test_a_finished_run_of_ones_own_is_not_taken_over(own_folder):
    filled(own_folder / "theirs", [record_of(accuracies=(0.1, 0.2))])
    mine = filled(own_folder / "ours", [record_of()])
    with Store.open(own_folder / "ours") as store:
        store.take_over(own_folder / "theirs", [run_of()])
    assert contents(own_folder / "ours") == mine


def test_there_is_nothing_to_take_over_where_no_store_is(own_folder):
    with Store.open(own_folder / "ours") as store, pytest.raises(UserError, match=r"no store in .*nowhere"):
        store.take_over(own_folder / "nowhere", [run_of()])


def test_discarding_drops_the_rows_of_those_runs_alone(own_folder):
    runs = [run_of(seed=seed) for seed in range(3)]
    filled(own_folder, [record_of(run) for run in runs])
    with Store.open(own_folder) as store:
        store.discard({runs[1].key})
        assert set(store.statuses) == {runs[0].key, runs[2].key}
    for name, count in ((RUNS, 2), (EPOCHS, 6)):
        assert len(rows(own_folder / name)) == count
        assert {row["run_key"] for row in rows(own_folder / name)} == {runs[0].key, runs[2].key}


def test_the_statuses_are_known_on_opening(own_folder):
    runs = {status: run_of(seed=seed) for seed, status in enumerate(("ok", "diverged", "failed", "oom"))}
    filled(own_folder, [record_of(run, status=status) for status, run in runs.items()])
    with Store.open(own_folder) as store:
        assert store.statuses == {run.key: status for status, run in runs.items()}


# The run key


def test_the_key_does_not_depend_on_names_but_on_what_determines_the_numbers():
    key = run_of().key
    assert run_of(study="other", variant="b", dataset="a copy.npz").key == key
    other = {
        "dataset_sha256": "cd" * 32,
        "limit": 100,
        "validation_split": 0.1,
        "model": Choice("cnn", "cnn"),
        "optimizer": Choice("sgd", "sgd"),
        "learning_rate": 0.002,
        "batch_size": 50,
        "epochs": 3,
        "patience": 2,
        "initializer": "he_normal",
        "precision": "float64",
        "deterministic": True,
        "seed": 1,
        "device": "gpu",
    }
    keys = [run_of(**{name: value}).key for name, value in other.items()]
    assert len({key, run_of("mish").key, *keys}) == len(other) + 2


# What a break leaves behind


def tear(folder, name, keep):
    path = folder / name
    path.write_bytes(path.read_bytes()[:keep])


@pytest.mark.parametrize("name", mostly_slow([EPOCHS, RUNS]))
def test_a_last_row_torn_at_any_byte_is_dropped_with_a_warning_and_the_rest_is_intact(own_folder, name, caplog):
    folder = own_folder / "store"
    whole = filled(folder)
    last = whole[name].rstrip(b"\n").rfind(b"\n") + 1
    first_two = {
        path: b"".join(content.splitlines(keepends=True)[: 3 if path == RUNS else 7]) for path, content in whole.items()
    }
    for keep in range(last + 1, len(whole[name])):
        for path, content in whole.items():
            (folder / path).write_bytes(content)
        tear(folder, name, keep)
        caplog.clear()
        with caplog.at_level(logging.WARNING), Store.open(folder) as store:
            statuses = dict(store.statuses)
        assert "dropped a torn last line" in caplog.text, keep
        if name == RUNS:
            assert contents(folder) == first_two, keep
            assert len(statuses) == 2
        else:
            assert (folder / RUNS).read_bytes() == whole[RUNS]
            assert (folder / EPOCHS).read_bytes() == whole[EPOCHS][:last], keep


@pytest.mark.slow
def test_a_torn_header_begins_the_table_anew(own_folder):
    header = ",".join(RUN_TABLE.names).encode()
    for keep in range(len(header) + 1):
        (own_folder / RUNS).write_bytes(header[:keep])
        with Store.open(own_folder) as store:
            assert store.statuses == {}
    expected = filled(own_folder, [record_of()])
    assert expected[RUNS].startswith(header + f"\n{SCHEMA_VERSION},".encode())


def test_epochs_without_a_run_are_dropped_with_a_warning(own_folder, caplog):
    runs = [run_of(seed=seed) for seed in range(3)]
    filled(own_folder, [record_of(run) for run in runs])
    lines = (own_folder / RUNS).read_bytes().splitlines(keepends=True)
    (own_folder / RUNS).write_bytes(b"".join(lines[:3]))
    with caplog.at_level(logging.WARNING), Store.open(own_folder) as store:
        assert set(store.statuses) == {runs[0].key, runs[1].key}
    assert "dropped the epochs of 1 unfinished run" in caplog.text
    assert {row["run_key"] for row in rows(own_folder / EPOCHS)} == {runs[0].key, runs[1].key}


@pytest.mark.slow
@pytest.mark.parametrize("table", ["today's", "the first version's"])
def test_runs_whose_epochs_are_cut_or_changed_are_told_and_trained_again(own_folder, caplog, table):
    """Wherever ``epochs.csv`` is cut: what is no longer whole is never taken for finished, and the rest still is."""
    runs = [run_of(seed=seed) for seed in range(3)]
    whole = filled(own_folder, [record_of(run) for run in runs])
    if table != "today's":
        with (own_folder / RUNS).open(encoding="utf-8", newline="") as file:
            old = [row | {"epochs_digest": "", "row_digest": ""} for row in csv.DictReader(file)]
        (own_folder / RUNS).write_text(",".join(RUN_TABLE.names) + "\n" + csv_lines(RUN_TABLE.names, old))
        whole[RUNS] = (own_folder / RUNS).read_bytes()
    lines = whole[EPOCHS].splitlines(keepends=True)
    ends = [sum(map(len, lines[: 1 + 3 * count])) for count in range(4)]
    for keep in sorted({*range(ends[0], ends[3] + 1, 23), *ends, *(end - 1 for end in ends[1:])}):
        for name, content in whole.items():
            (own_folder / name).write_bytes(content)
        (own_folder / EPOCHS).write_bytes(whole[EPOCHS][:keep])
        caplog.clear()
        intact = [run.key for run, end in zip(runs, ends[1:], strict=True) if keep >= end]
        if len(intact) < 3:
            with pytest.raises(UserError, match=rf"no longer holds what was stored of {3 - len(intact)} finished run"):
                list(epoch_chunks(run_frames([own_folder])[0], SHOWN))
        with Store.open(own_folder) as store:
            assert [key for key, status in store.statuses.items() if status == "ok"] == intact, keep
            assert ("are trained again" in caplog.text) == (len(intact) < 3)
            for run in runs:
                if store.statuses[run.key] != "ok":
                    store.append(record_of(run))
        assert contents(own_folder).keys() == whole.keys()
        assert len(rows(own_folder / EPOCHS)) == 9
        with Store.open(own_folder) as store:
            assert set(store.statuses.values()) == {"ok"}


DAMAGES = {
    "an empty line": lambda lines: [*lines[:3], b"\n", *lines[3:]],
    "a cell too many": lambda lines: [*lines[:3], lines[3].replace(b"\n", b",1\n"), *lines[4:]],
    "a cell too few": lambda lines: [*lines[:3], lines[3].rpartition(b",")[0] + b"\n", *lines[4:]],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", [RUNS, EPOCHS])
def test_every_reader_finds_the_same_damage(own_folder, name, damage):
    """Whoever writes, tabulates or only looks: one sentence, with the number of the line."""
    whole = filled(own_folder)
    lines = whole[name].splitlines(keepends=True)
    (own_folder / name).write_bytes(b"".join(DAMAGES[damage](lines)))
    before = contents(own_folder)
    for look in LOOKS:
        with pytest.raises(UserError, match=rf"{name}' is damaged in line 4: \d+ cells, not \d+"):
            look(own_folder)
    assert contents(own_folder) == before


LOOKS = (
    lambda folder: [list(read_runs(folder)), list(read_epochs(folder))],
    read_frames,
    lambda folder: list(epoch_chunks(run_frames([folder])[0], SHOWN)),
    lambda folder: Store.open(folder).__enter__(),
)


@pytest.mark.parametrize("name", [RUNS, EPOCHS])
@pytest.mark.parametrize("change", ["ends of lines", "a mark at the beginning"])
def test_what_a_spreadsheet_does_to_a_table_changes_nothing(own_folder, name, change):
    whole = filled(own_folder)
    new = whole[name].replace(b"\n", b"\r\n") if change == "ends of lines" else b"\xef\xbb\xbf" + whole[name]
    (own_folder / name).write_bytes(new)
    expected = [row["seed"] for row in rows_of(whole[RUNS])]
    assert [row["seed"] for row in read_runs(own_folder)] == expected
    assert len(list(read_epochs(own_folder))) == 9
    assert len(read_frames(own_folder)[0]) == 3
    assert sum(map(len, epoch_chunks(run_frames([own_folder])[0], SHOWN))) == 9
    with Store.open(own_folder) as store:
        assert list(store.statuses.values()) == ["ok"] * 3
    assert contents(own_folder) == whole  # written as actbench writes


def rows_of(content):
    return list(csv.DictReader(content.decode().splitlines()))


def test_a_changed_figure_of_an_epoch_is_found_and_not_taken_over(own_folder):
    theirs = own_folder / "theirs"
    whole = filled(theirs)
    (theirs / EPOCHS).write_bytes(whole[EPOCHS].replace(b"0.6,", b"0.9,", 1))
    with pytest.raises(UserError, match="stored of 1 finished run, the first being relu with seed 0"):
        list(epoch_chunks(run_frames([theirs])[0], SHOWN))
    with Store.open(own_folder / "ours") as store:
        store.take_over(theirs, [run_of(seed=seed) for seed in range(3)])
        assert set(store.statuses) == {run_of(seed=1).key, run_of(seed=2).key}


def test_a_changed_row_is_told_not_taken_over_and_trained_again(own_folder, caplog):
    runs = [run_of(seed=seed) for seed in range(3)]
    whole = filled(own_folder / "a", [record_of(run) for run in runs])
    (own_folder / "a" / RUNS).write_bytes(whole[RUNS].replace(b",0.6,1,", b",0.9,1,", 1))
    with Store.open(own_folder / "b") as store:
        store.take_over(own_folder / "a", runs)
        assert list(store.statuses) == [run.key for run in runs[1:]]
    with Store.open(own_folder / "a") as store:
        assert store.statuses == {runs[0].key: "damaged", runs[1].key: "ok", runs[2].key: "ok"}
        assert "1 run(s), the first being in line 2, relu with seed 0: they do not count" in caplog.text
        store.append(record_of(runs[0]))
    assert sorted(contents(own_folder / "a")[RUNS].splitlines()) == sorted(whole[RUNS].splitlines())


def test_a_row_proves_itself_under_other_names_of_study_and_variant(own_folder):
    filled(own_folder / "a", [record_of(run_of(seed=0))])
    with Store.open(own_folder / "b") as store:
        store.take_over(own_folder / "a", [run_of(seed=0, study="other", variant="wide")])
    with Store.open(own_folder / "b") as store:
        assert list(store.statuses.values()) == ["ok"]
    assert [row["study"] for row in read_runs(own_folder / "b")] == ["other"]


def test_a_whole_store_is_opened_without_a_change_or_a_word(own_folder, caplog):
    before = filled(own_folder)
    with caplog.at_level(logging.DEBUG, logger="actbench"), Store.open(own_folder):
        pass
    assert caplog.text == ""
    assert contents(own_folder) == before


def test_a_line_damaged_in_the_middle_is_refused_with_its_place(own_folder):
    filled(own_folder)
    lines = (own_folder / RUNS).read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:40] + b"\n"
    (own_folder / RUNS).write_bytes(b"".join(lines))
    before = contents(own_folder)
    with pytest.raises(UserError, match=r"runs\.csv' is damaged in line 3"), Store.open(own_folder):
        pass
    assert contents(own_folder) == before


def test_a_carriage_return_within_a_line_is_damage_and_ends_no_table(own_folder):
    """One bit makes it of a minus: whatever stands behind it is not gone."""
    whole = filled(own_folder, [record_of(run_of(seed=seed), started_at="2026-11-21") for seed in range(3)])
    (own_folder / RUNS).write_bytes(whole[RUNS].replace(b"2026-", b"2026\r", 1))
    before = contents(own_folder)
    for look in LOOKS:
        with pytest.raises(UserError, match=r"runs\.csv' is damaged"):
            look(own_folder)
    assert contents(own_folder) == before


def test_replacing_leaves_the_old_file_or_the_new_one(own_folder, monkeypatch):
    path = own_folder / "file"
    replace(path, "old")

    def fails(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="No space left"):
        replace(path, "new")
    assert path.read_text() == "old"
    assert list(own_folder.iterdir()) == [path]


# Other people's files


FOREIGN = {
    "another table": b"name,age\nAda,36\n",
    "another table without a last newline": b"name,age\nAda,36",
    "one line": b"do not touch this",
    "no text": b"\x89PNG\r\n\x1a\n\xff\xfe\x00\x01",
    "a table like ours with other columns": ",".join(RUN_TABLE.names[:-2]).encode() + b"\n",
    "our columns in another order": ",".join(reversed(RUN_TABLE.names)).encode() + b"\nx",
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("name", [RUNS, EPOCHS])
def test_a_file_of_somebody_elses_is_refused_and_left_alone(own_folder, name, content):
    (own_folder / name).write_bytes(content)
    with pytest.raises(UserError, match=rf"{name}' .*another --results"), Store.open(own_folder):
        pass
    assert contents(own_folder) == {name: content}


TOO_NEW = f"schema version {SCHEMA_VERSION + 1}, this actbench knows {SCHEMA_VERSION} and older"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (TABLE, "name,age\nAda,36\n"),
        (TABLE, ""),
        (MANIFEST, '{"manifest_version": 3, "name": "a browser extension"}'),
        (MANIFEST, "[]"),
    ],
)
def test_a_derived_file_of_somebody_elses_is_refused_and_left_alone(own_folder, name, content):
    (own_folder / name).write_text(content)
    with pytest.raises(UserError, match=rf"{name}' is not a"), Store.open(own_folder):
        pass
    assert contents(own_folder) == {name: content.encode()}


NAMES = (RUNS, EPOCHS, TABLE, MANIFEST, ".lock", ".holder", "checkpoints")


@pytest.mark.parametrize("name", NAMES)
def test_a_link_in_a_store_is_refused_and_leads_nowhere(tmp_path, name):
    store, victim = tmp_path / "store", tmp_path / "victim"
    store.mkdir()
    victim.write_text("precious")
    (store / name).symlink_to(victim)
    with pytest.raises(UserError, match=rf"{name}' is a symbolic link: nothing is written"), Store.open(store):
        pass
    assert victim.read_text() == "precious"
    assert [path.name for path in store.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_in_a_store_is_refused(own_folder, name):
    os.mkfifo(own_folder / name)
    with (
        pytest.raises(UserError, match=f"{name}' is not a f(ile|older). Take another --results"),
        Store.open(own_folder),
    ):
        pass


@pytest.mark.parametrize("name", [EPOCHS, MANIFEST])
def test_a_pipe_in_a_store_that_is_read_is_refused(own_folder, name):
    filled(own_folder)
    (own_folder / name).unlink(missing_ok=True)
    os.mkfifo(own_folder / name)
    with pytest.raises(UserError, match=f"{name}' is a pipe or a device, not a file"):
        list(epoch_chunks(run_frames([own_folder])[0], SHOWN))


def test_files_are_written_beside_links_and_not_through_them(tmp_path):
    """A store of somebody else's, with a link in every place that files are written aside in."""
    store = tmp_path / "store"
    (store / "checkpoints").mkdir(parents=True)
    victims = []
    for number, name in enumerate((RUNS, EPOCHS, TABLE, MANIFEST, ".holder", f"checkpoints/{run_of().key}.npz")):
        victims.append(tmp_path / f"victim{number}")
        victims[-1].write_text("precious")
        (store / f"{name}.part").symlink_to(victims[-1])
    with Store.open(store) as opened:
        record = record_of()
        opened.append(record)
        opened.append(record)  # rewrites both tables
        opened.write_manifest({"studies": {}})
        opened.write_table("activation,runs,failed\n")
        stream = ("MT19937", np.zeros(624), 0, 0, 0.0)
        opened.save_checkpoint(Checkpoint(run_of(seed=1).key, (), [], stream, 0.0, 0.0, 1))
    assert {victim.read_text() for victim in victims} == {"precious"}
    assert not any(path.is_symlink() for path in store.glob("*.*") if path.suffix != ".part")


def test_a_log_of_events_is_not_written_through_a_link(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "events.jsonl").symlink_to(victim)
    with pytest.raises(OSError, match="events.jsonl"):
        LOGGERS["jsonl"].listener(tmp_path)(SweepPlanned((), 0))
    assert victim.read_text() == "precious"


def test_a_newer_schema_is_refused_and_left_alone(own_folder):
    filled(own_folder)
    newer = SCHEMA_VERSION + 1
    text = (own_folder / RUNS).read_text().replace(f"\n{SCHEMA_VERSION},", f"\n{newer},")
    for torn in ("", f"{newer},half a row"):
        (own_folder / RUNS).write_text(text + torn)
        before = contents(own_folder)
        with (
            pytest.raises(UserError, match=TOO_NEW),
            Store.open(own_folder),
        ):
            pass
        assert contents(own_folder) == before


@pytest.mark.parametrize("version", ["²", "9" * 5000, "1e9", "-1", "two"])
def test_a_version_that_is_none_is_refused_and_left_alone(own_folder, version):
    filled(own_folder)
    text = (own_folder / RUNS).read_text()
    (own_folder / RUNS).write_text(text.replace(f"\n{SCHEMA_VERSION},", f"\n{version},"))
    before = contents(own_folder)
    with pytest.raises(UserError, match="has schema version"):
        run_frames([own_folder])
    with pytest.raises(UserError, match="has schema version"), Store.open(own_folder):
        pass
    assert contents(own_folder) == before


@pytest.mark.parametrize("cell", ["", "two"])
def test_a_run_that_proves_its_epochs_neither_by_digest_nor_by_number_is_trained_again(own_folder, cell):
    filled(own_folder)
    with (own_folder / RUNS).open(encoding="utf-8", newline="") as file:
        (_, *rest) = rows = list(csv.DictReader(file))
    rows[0] |= {"row_digest": "", "epochs_digest": "", "epochs_run": cell}
    text = csv_lines(RUN_TABLE.names, rows)
    (own_folder / RUNS).write_text(f"{','.join(RUN_TABLE.names)}\n{text}", encoding="utf-8")
    with Store.open(own_folder) as store:
        assert store.statuses == {rows[0]["run_key"]: "damaged"} | {row["run_key"]: row["status"] for row in rest}


def test_a_newer_schema_with_more_columns_is_called_newer_not_foreign(own_folder):
    filled(own_folder)
    lines = (own_folder / RUNS).read_text().splitlines()
    (own_folder / RUNS).write_text(
        "\n".join([lines[0] + ",new_column", f"{SCHEMA_VERSION + 1}{lines[1][1:]},0"]) + "\n"
    )
    with (
        pytest.raises(UserError, match=TOO_NEW),
        Store.open(own_folder),
    ):
        pass


@pytest.mark.parametrize("content", ["{", "[]", "\xff"])
def test_a_manifest_that_is_none_is_refused_and_left_alone(own_folder, content):
    (own_folder / MANIFEST).write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match=r"manifest\.json.*Mend it or move it away"):
        read_manifest(own_folder)
    with pytest.raises(UserError), Store.open(own_folder) as store:
        store.write_manifest({"versions": {}})
    assert (own_folder / MANIFEST).read_text(encoding="latin-1") == content


def test_the_manifest_keeps_earlier_studies_data_and_versions(own_folder):
    data = {"sha256": "ab", "classes": 2, "input_shape": [3], "train_size": 4, "val_size": 0, "test_size": 2}
    parts = [
        {"versions": {"a": "1"}, "studies": {"one": {"name": "one"}}, "datasets": {"digits": data}},
        {"versions": {"b": "2"}, "studies": {"two": {"name": "two"}}, "datasets": {"wdbc": data}},
    ]
    with Store.open(own_folder) as store:
        for part in parts:
            store.write_manifest(part)
    assert read_manifest(own_folder) == {name: parts[0][name] | parts[1][name] for name in parts[0]}


# Two writers, and folders that cannot be written


HOLDER = """
import sys
from pathlib import Path
from actbench.results.store import Store
from actbench.results.text import LONGEST_CELL, csv_lines

with Store.open(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(own_folder):
    """Another process that keeps the store open until its stdin ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(own_folder / "store")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "open\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_refused_and_told_who_holds_the_store(own_folder, holder):
    folder = own_folder / "store"
    with pytest.raises(UserError, match=rf"is being written by process {holder.pid} on .*\. Wait, or take another"):
        with Store.open(folder):
            pass
    holder.communicate("\n")
    with Store.open(folder) as store:
        assert store.statuses == {}


def test_a_writer_that_was_killed_leaves_no_lock(own_folder, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with Store.open(own_folder / "store") as store:
        store.append(record_of())
    assert len(rows(own_folder / "store" / RUNS)) == 1


def test_two_writers_in_one_process_are_refused_too(own_folder):
    with Store.open(own_folder), pytest.raises(UserError, match="is being written by"), Store.open(own_folder):
        pass


def test_a_folder_that_cannot_be_made_is_named(own_folder):
    (own_folder / "file").write_text("in the way")
    for folder in (own_folder / "file", own_folder / "file" / "below"):
        with pytest.raises(UserError, match=rf"Cannot write results to '{folder}': (File exists|Not a directory)"):
            with Store.open(folder):
                pass
    assert (own_folder / "file").read_text() == "in the way"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(own_folder):
    folder = own_folder / "store"
    folder.mkdir(mode=0o500)
    with pytest.raises(UserError, match="Cannot write results to .*: Permission denied"), Store.open(folder):
        pass


FULL = """
import resource, signal, sys
from pathlib import Path
from actbench.errors import UserError
from actbench.results.store import Store
from actbench.results.text import LONGEST_CELL, csv_lines
from test_store import record_of, run_of

folder, again = Path(sys.argv[1]), sys.argv[2] == "again"
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Store.open(folder) as store:
    # From here on no file may grow: what a full disk looks like.
    size = max((folder / name).stat().st_size for name in ("runs.csv", "epochs.csv"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        store.append(record_of(run_of(seed=0 if again else 9), accuracies=[0.5] * 400))
    except UserError as error:
        print(error)
"""


@pytest.mark.parametrize("what", ["new", "again"])
def test_a_full_disk_costs_only_what_was_to_be_written(own_folder, what):
    folder = own_folder / "store"
    before = filled(folder)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL), str(folder), what],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.path.dirname(__file__)},  # noqa: PTH120
    )
    assert done.returncode == 0, done.stderr
    assert "Cannot write to" in done.stdout
    assert "What was stored before is safe; make room" in done.stdout
    assert not list(folder.glob("*.part"))
    with Store.open(folder) as store:
        assert len(store.statuses) == 3
    assert contents(folder) == before
