"""The harness itself finds what it looks for."""

import itertools

import pytest
from trial import Trial, table

from actbench.errors import UserError


def refuse(sentence):
    raise UserError(sentence)


def test_every_end_of_a_case_is_counted_as_what_it_is():
    trial = Trial("itself", most_seconds=0.05)
    trial("answered", lambda: 1)
    trial("refused", lambda: refuse("No, because of that; do this."))
    for case in ("a long case", "short"):
        trial(case, lambda: {}["nothing"])
    trial("endless", lambda: [None for _ in itertools.count() if False])
    trial("mute", lambda: refuse(" "))
    report = trial.report
    assert [report[name] for name in ("cases", "refused", "tracebacks", "hangs")] == [6, 2, 3, 1]
    ((count, shortest),) = [fault for what, fault in trial.faults.items() if what.startswith("KeyError")]
    assert (count, shortest) == (2, "'short'")
    with pytest.raises(AssertionError, match=r"3 kinds of faults(?s:.*)KeyError(?s:.*)hang(?s:.*)without a word"):
        trial.check()


def test_memory_is_watched():
    trial = Trial("itself")
    trial.peak_mib, trial._before = 0.0, -2000.0  # as if it had begun with that much less
    trial("greedy", lambda: None)
    with pytest.raises(AssertionError, match="more memory than allowed"):
        trial.check()


def test_the_table_adds_up():
    one, two = Trial("one"), Trial("two")
    for number in range(1500):
        one(number, lambda: None)
    two("refused", lambda: refuse("No."))
    _, *lines = table([one.report, two.report, one.report])
    assert [line.split()[:3] for line in lines] == [["one", "3,000", "0"], ["two", "1", "1"], ["all", "3,001", "1"]]
