"""Checkpoints: what goes in comes out, and whatever else lies in their place is set aside with a sentence."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actbench.results.checkpoint import FORM, MARK, Checkpoint
from actbench.results.columns import Epoch
from actbench.results.store import Store

KEY = "0123456789abcdef"
EPOCH = Epoch(0, 2.3, 0.1, None, None, 2.2, 0.1, 0.0, 0.01, 0.1)


def checkpoint(key=KEY):
    stream = np.random.RandomState(3)
    stream.normal(size=3)
    variables = [np.arange(6, dtype="float32").reshape(2, 3), np.array(7), np.array([], "float64")]
    return Checkpoint(key, (EPOCH,), variables, stream.get_state(legacy=True), 1.5, 2.5, 3)


WHOLE = checkpoint().to_bytes()


def test_a_checkpoint_comes_back_from_its_bytes():
    found = Checkpoint.from_bytes(WHOLE)
    assert (found.run_key, found.epochs) == (KEY, (EPOCH,))
    assert (found.compile_seconds, found.wall_seconds, found.sittings) == (1.5, 2.5, 3)
    for one, two in zip(found.variables, checkpoint().variables, strict=True):
        np.testing.assert_array_equal(one, two)
        assert one.dtype == two.dtype
    stream, twin = np.random.RandomState(0), np.random.RandomState(0)
    stream.set_state(found.stream)
    twin.set_state(checkpoint().stream)
    assert stream.normal() == twin.normal()


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_single_changed_byte_anywhere_is_found(place, flip):
    damaged = bytearray(WHOLE)
    damaged[place] ^= flip
    with pytest.raises(ValueError, match=r"no checkpoint|of form|damaged"):
        Checkpoint.from_bytes(bytes(damaged))


@given(st.integers(0, len(WHOLE) - 1))
def test_a_cut_anywhere_is_found(length):
    with pytest.raises(ValueError, match=r"no checkpoint|damaged"):
        Checkpoint.from_bytes(WHOLE[:length])


@pytest.mark.parametrize("archive", [b"", b"PK", WHOLE.partition(b"\n")[2][:-50], b"\x93NUMPY\x01\x00\x10\x00{"])
def test_what_has_the_right_digest_and_was_written_by_somebody_else_is_found(archive):
    line = f"{MARK} {FORM} {hashlib.sha256(archive).hexdigest()}\n"
    with pytest.raises(ValueError, match="it was not written by actbench"):
        Checkpoint.from_bytes(line.encode() + archive)


@pytest.mark.parametrize(
    "forged",
    [
        replace(checkpoint(), epochs=()),
        replace(checkpoint(), epochs=(EPOCH, replace(EPOCH, epoch=2))),
        replace(checkpoint(), epochs=(replace(EPOCH, train_seconds=None),)),
        replace(checkpoint(), variables=[np.array(["x"])]),
        replace(checkpoint(), compile_seconds=None),
        replace(checkpoint(), wall_seconds="x"),
        replace(checkpoint(), sittings=1.5),
    ],
    ids=["no epoch", "a gap", "no clock", "words for weights", "no seconds", "words for seconds", "half a sitting"],
)
def test_a_state_that_no_run_leaves_is_found(forged):
    with pytest.raises(ValueError, match="it was not written by actbench"):
        Checkpoint.from_bytes(forged.to_bytes())


@given(st.binary())
def test_anything_else_is_no_checkpoint(content):
    with pytest.raises(ValueError, match="no checkpoint"):
        Checkpoint.from_bytes(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is no checkpoint"),
        (WHOLE[:-1], "it is damaged"),
        (WHOLE.replace(f" {FORM} ".encode(), b" 1 ", 1), "it is of form '1'"),
        (checkpoint("fedcba9876543210").to_bytes(), "it belongs to the run fedcba9876543210"),
    ],
    ids=["empty", "cut", "older", "another run's"],
)
def test_what_cannot_be_used_is_set_aside_and_the_run_begins_anew(own_folder, caplog, content, reason):
    path = own_folder / "checkpoints" / f"{KEY}.npz"
    path.parent.mkdir()
    path.write_bytes(content)
    with Store.open(own_folder) as store:
        assert store.load_checkpoint(KEY) is None
        assert reason in caplog.text
        assert "begins anew" in caplog.text
        assert path.with_suffix(".unusable").read_bytes() == content
        assert not path.exists()
        assert store.load_checkpoint(KEY) is None  # said once
        assert caplog.text.count("begins anew") == 1
        store.save_checkpoint(checkpoint())
        assert store.load_checkpoint(KEY).run_key == KEY
