"""Which seconds may be laid side by side, on runs made by hand and on those of the articles."""

import math
from pathlib import Path

import pandas as pd
import pytest

from actbench.results.frames import run_frame
from actbench.tables.clocks import Timed, clock_pairs, timed_runs
from actbench.tables.costs import relative_costs

RESULTS = Path(__file__).parent.parent / "results"
NAN = math.nan


@pytest.mark.parametrize(
    ("apart", "walls", "near"),
    [
        (599, (10, 10), True),  # ten minutes are near, however short the runs
        (601, (10, 10), False),
        (4539, (17.5, 15.5), False),  # 75 minutes between two runs of a quarter of a minute
        (3599, (400, 230), True),  # long runs with some other arms of the seed between them
        (4539, (400, 230), False),  # but not 75 minutes
        (21599, (7200, 7000), True),  # unless these are hardly more than two of them
        (21601, (7200, 7000), False),
        (601, (NAN, 40), True),
        (601, (NAN, NAN), False),
        (NAN, (10, 10), True),  # what is not known is not held against a pair
    ],
)
def test_near_is_measured_by_the_runs_own_length(apart, walls, near):
    first, second = Timed(1000.0, walls[0], 1, NAN), Timed(1000.0 + apart, walls[1], 1, NAN)
    assert first.is_near(second) == second.is_near(first) == near


def frame(**columns):
    rows = {
        "arm": ["relu", "mish"] * 3,
        "seed": [0, 0, 1, 1, 2, 2],
        "started_at": [f"2026-11-20T{hour}:00:00+00:00" for hour in ("10", "10", "11", "11", "12", "13")],
        "wall_seconds": [20.0] * 6,
        "jobs": [1, 1, 1, 2, 1, 1],
        "others_cores": [0.3, 0.7, 9.0, 9.0, 9.0, 9.0],
        "sittings": [NAN] * 6,
        "device_name": [""] * 6,
    }
    return pd.DataFrame(rows | columns)


def test_pairs_that_were_not_measured_together_are_left_out():
    timed = timed_runs(frame())
    found = clock_pairs(timed["mish"], timed["relu"], [0, 1, 2])
    assert (found.seeds, found.other_jobs, found.far_apart, found.left_out) == ((0,), (1,), (2,), 2)
    assert found.others_cores == 0.7  # of the pairs that are left


def test_a_pair_of_which_one_run_had_company_is_left_out():
    # With two runs at a time and three arms, two of them share the machine and the third has it alone.
    timed = timed_runs(frame(started_at=["2026-11-20T10:00:00+00:00"] * 6, jobs=[2] * 6,
                             others_cores=[1.1, 0.4, 0.4, NAN, 0.2, 0.3]))  # fmt: skip
    found = clock_pairs(timed["mish"], timed["relu"], [0, 1, 2])
    assert (found.seeds, found.other_load, found.left_out) == ((1, 2), (0,), 1)


def test_a_pair_of_which_one_run_was_broken_off_is_left_out():
    # Its seconds are of several times, and when it was gone on with is all that is known of them.
    timed = timed_runs(frame(started_at=["2026-11-20T10:00:00+00:00"] * 6, jobs=[1] * 6, others_cores=[0.0] * 6,
                             sittings=[1, 1, 1, 2, NAN, 1]))  # fmt: skip
    found = clock_pairs(timed["mish"], timed["relu"], [0, 1, 2])
    assert (found.seeds, found.in_pieces, found.left_out) == ((0, 2), (1,), 1)


def test_a_pair_of_two_devices_is_left_out():
    timed = timed_runs(frame(started_at=["2026-11-20T10:00:00+00:00"] * 6, jobs=[1] * 6, others_cores=[0.0] * 6,
                             device_name=["A", "A", "A", "B", None, "B"]))  # fmt: skip
    found = clock_pairs(timed["mish"], timed["relu"], [0, 1, 2])
    assert (found.seeds, found.elsewhere, found.left_out) == ((0, 2), (1,), 1)


def test_older_stores_do_not_say_how_quiet_the_machine_was():
    timed = timed_runs(frame(others_cores=[NAN] * 6, started_at=[""] * 6, jobs=[NAN] * 6))
    found = clock_pairs(timed["mish"], timed["relu"], [0, 1, 2])
    assert (found.seeds, found.others_cores) == ((0, 1, 2), None)


def test_what_an_arm_costs_is_measured_over_pairs_that_were_timed_together():
    # On the second day the machine was ten times as slow, and only one of the two arms was trained there.
    at = ["2026-11-20T10:00:00+00:00"] * 4 + ["2026-11-20T10:00:00+00:00", "2026-11-21T10:00:00+00:00"]
    runs = frame(started_at=at, jobs=[1] * 6, others_cores=[0.0] * 6).assign(
        status="ok", seconds_per_epoch=[1.0, 1.2, 2.0, 2.2, 1.0, 10.0]
    )
    costs = relative_costs(runs, "relu", "seconds_per_epoch")
    # Hodges and Lehmann's of 1.2 and 1.1: the middle one of 1.1, their geometric mean, 1.2.
    assert costs["mish"].ratio == pytest.approx(math.sqrt(1.2 * 1.1))
    assert (costs["mish"].low, costs["mish"].high) == pytest.approx((1.125, 1.175))
    assert (costs["relu"].ratio, costs["mish"].pairs) == (1.0, 2)
    alone = runs[(runs["arm"] == "relu") | (runs["seed"] == 2)]
    assert set(relative_costs(alone, "relu", "seconds_per_epoch")) == {"relu"}


def test_of_the_published_runs_one_pair_was_measured_75_minutes_apart():
    runs = run_frame(RESULTS / "swish-mish-mnist")
    basic = runs[runs["variant"] == "basic"]
    timed = timed_runs(basic.assign(arm=basic["activation"]))
    for rival in ("relu", "swish"):
        found = clock_pairs(timed["mish"], timed[rival], sorted(timed["mish"]))
        assert (found.far_apart, found.other_jobs, len(found.seeds)) == ((10,), (), 9)
    assert clock_pairs(timed["swish"], timed["relu"], sorted(timed["swish"])).left_out == 0
