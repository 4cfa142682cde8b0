"""Columns about a threshold: one name each, taken apart in one place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actbench.results.thresholds import EpochsTo, Reached, SecondsTo, parse, threshold_percent


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("epochs_to_95", EpochsTo(0.95)),
        ("seconds_to_97.5", SecondsTo(0.975)),
        ("reached_97_5", Reached(0.975)),
        ("epochs-to:0.95", EpochsTo(0.95)),
        ("seconds_to:0.9", SecondsTo(0.9)),
    ],
)
def test_a_name_is_a_column(name, column):
    assert parse(name) == column


@pytest.mark.parametrize("name", ["test_accuracy", "epochs_to", "epochs_to_", "epochs_run", "reached", "hours_to_95"])
def test_other_names_are_none(name):
    assert parse(name) is None


@pytest.mark.parametrize("name", ["epochs_to_100", "epochs_to_0", "epochs-to:95", "epochs-to:soon", "reached_9x"])
def test_what_should_be_an_accuracy_and_is_none_is_refused(name):
    with pytest.raises(ValueError, match=r"between 0 and 1|could not convert"):
        parse(name)


@given(st.integers(1, 99_999), st.sampled_from([EpochsTo, SecondsTo, Reached]))
def test_the_name_of_every_column_gives_it_back(thousandths, column):
    column = column(thousandths / 100_000)
    assert parse(column.name) == parse(str(column)) == column


def test_what_reads_the_same_is_the_same():
    assert EpochsTo(0.1 + 0.2) == EpochsTo(0.3)
    assert EpochsTo(0.3) != SecondsTo(0.3)
    assert len({EpochsTo(0.3), EpochsTo(0.1 + 0.2), SecondsTo(0.3)}) == 2


def test_names_and_titles():
    assert [threshold_percent(t) for t in (0.95, 0.975, 0.9999, 0.1 + 0.2)] == ["95", "97.5", "99.99", "30"]
    assert (EpochsTo(0.975).name, EpochsTo(0.975).title) == ("epochs_to_97.5", "epochs to 97.5 %")
