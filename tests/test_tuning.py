"""Which settings are tried, which are chosen, and what a smaller search would have found; nothing is trained here."""

import itertools
import math
import statistics

import pytest

from actbench.errors import UserError
from actbench.studies.tuning.asked import FIRST_SEED, Tuning, laid_over, value_in
from actbench.studies.tuning.budget import expected_best
from actbench.studies.tuning.protocols import PROTOCOLS, Search
from actbench.studies.tuning.trials import Result, Score, Trial, score, tuned


def at(rate, group=0):
    return Trial((("learning_rate", rate),), group)


def searched(search, accuracy, loss=lambda *_: 1.0):
    """Carry a search out on made-up networks. Returns all results, and how many rounds it took."""
    results, rounds = {}, 0
    while missing := [key for key in search.needed(results) if key not in results]:
        results |= {(arm, t, seed): Result(accuracy(arm, t, seed), loss(arm, t, seed)) for arm, t, seed in missing}
        rounds += 1
    return results, rounds


def peak(best, width=2.0):
    """An accuracy that is highest at one rate, and falls by so much a decade."""
    return lambda _arm, trial, _seed: 0.9 - abs(math.log10(trial.rate / best)) / 10 * width


FAIR_SGD = [0.000316, 0.001, 0.00316, 0.01, 0.0316, 0.1, 0.316]


def test_the_fair_protocol_tries_seven_half_decades_around_the_usual_rate_on_three_seeds():
    search = Search(Tuning(), "sgd(momentum=0.9)", ("relu", "mish"))
    assert [trial.rate for trial in search.first] == FAIR_SGD
    assert search.seeds == (FIRST_SEED, FIRST_SEED + 1, FIRST_SEED + 2)
    assert len(search.needed({})) == 7 * 3 * 2
    assert [trial.rate for trial in Search(Tuning(), "adam", ("relu",)).first] == pytest.approx(
        [r / 10 for r in FAIR_SGD]
    )


def test_an_optimum_inside_the_grid_needs_one_round():
    search = Search(Tuning(), "sgd", ("relu", "mish"))
    results, rounds = searched(search, peak(0.03))
    assert rounds == 1
    chosen = search.chosen(results)
    assert chosen["relu"].trial == at(0.0316)
    assert not chosen["relu"].on_edge


@pytest.mark.parametrize(
    ("best", "added", "on_edge"),
    [(1.0, [1.0, 3.16], False), (3e-5, [0.0001, 3.16e-5, 1e-5], True), (1e-5, [0.0001, 3.16e-5, 1e-5], True)],
)
def test_the_grid_grows_for_all_arms_while_one_is_at_its_best_on_an_edge(best, added, on_edge):
    search = Search(Tuning(), "sgd", ("relu", "odd"))
    results, _ = searched(search, lambda arm, *rest: peak(best if arm == "odd" else 0.01)(arm, *rest))
    rates = {arm: [t.rate for a, t, seed in results if a == arm and seed == FIRST_SEED] for arm in ("relu", "odd")}
    assert rates["relu"] == rates["odd"] == [*FAIR_SGD, *added]
    chosen = search.chosen(results)
    assert chosen["relu"].trial == at(0.01)
    assert chosen["odd"].on_edge == (on_edge and best == 1e-5)


def test_both_sides_can_grow_at_once():
    search = Search(Tuning(), "sgd", ("low", "high"))
    results, _ = searched(search, lambda arm, *rest: peak(1e-9 if arm == "low" else 1e9)(arm, *rest))
    rates = sorted({trial.rate for _, trial, _ in results})
    assert rates == [1e-5, 3.16e-5, 1e-4, *FAIR_SGD, 1.0, 3.16, 10.0]
    assert all(its.on_edge for its in search.chosen(results).values())


def test_loss_breaks_ties_and_the_lower_rate_breaks_those():
    even = {at(rate): Score(0.9, loss, 0.0, 3, 3) for rate, loss in ((0.1, 0.5), (0.2, 0.4), (0.3, 0.4))}
    assert tuned(even).trial == at(0.2)
    assert tuned({at(0.1): Score(0.9, math.nan, 0.0, 3, 3), at(0.2): Score(0.9, math.inf, 0.0, 3, 3)}).trial == at(0.1)
    assert tuned({at(0.1): Score(0.9, math.nan, 0.0, 3, 3), at(0.2): Score(0.9, 5.0, 0.0, 3, 3)}).trial == at(0.2)


def test_equal_counts_are_a_tie_whatever_their_fractions_add_up_to():
    """16,767 of 18,000 right with both, as it has happened: the sums of the fractions differ in their last digit."""
    counts = {0.0001: (5585, 5575, 5607), 0.000316: (5557, 5609, 5601)}
    means = {rate: sum(count / 6000 for count in some) / 3 for rate, some in counts.items()}
    assert len(set(means.values())) == 2
    losses = {0.0001: 0.24, 0.000316: 0.25}
    results = {
        ("relu", Trial((("learning_rate", rate),)), seed): Result(count / 6000, losses[rate])
        for rate, some in counts.items()
        for seed, count in enumerate(some)
    }
    scores = {
        trial: score(results, "relu", trial, (0, 1, 2)) for trial in dict.fromkeys(trial for _, trial, _ in results)
    }
    assert tuned(scores).trial.rate == 0.0001


def test_the_optimum_is_as_broad_as_the_rates_around_it_within_one_point():
    accuracies = {0.001: 0.895, 0.01: 0.8, 0.1: 0.892, 1.0: 0.9, 10.0: 0.8901, 100.0: 0.889}
    found = tuned({at(rate): Score(value, 1.0, 0.0, 3, 3) for rate, value in accuracies.items()})
    assert found.flat == (0.1, 10.0)
    assert found.decades == pytest.approx(2)


def test_deepobs_tries_36_rates_over_seven_decades_once():
    search = Search(Tuning(protocol="deepobs"), "adam", ("relu",))
    rates = [trial.rate for trial in search.first]
    assert (len(rates), rates[0], rates[-1], len(search.seeds)) == (36, 1e-5, 100.0, 1)
    steps = [math.log10(later / earlier) for earlier, later in itertools.pairwise(rates)]
    assert all(step == pytest.approx(0.2, abs=0.004) for step in steps)


@pytest.mark.parametrize(
    ("optimizer", "names"),
    [
        ("adam", ("learning_rate",)),
        ("sgd", ("learning_rate", "momentum")),
        ("adamw", ("learning_rate", "weight_decay")),
    ],
)
def test_algoperf_draws_five_studies_of_five_alike_for_all(optimizer, names):
    search = Search(Tuning(protocol="algoperf"), optimizer, ("relu", "mish"))
    assert search.searched == names
    assert [trial.group for trial in search.first] == [number for number in range(5) for _ in range(5)]
    assert search.first == Search(Tuning(protocol="algoperf"), optimizer, ("other",)).first
    assert len(set(search.first)) == 25
    usual = 0.01 if optimizer == "sgd" else 0.001
    assert all(usual / 32 < trial.rate < usual * 32 for trial in search.first)


def test_of_five_studies_the_median_stands_for_all():
    bests = [0.91, 0.95, 0.93, 0.99, 0.92]
    scores = {}
    for group, best in enumerate(bests):
        low = Score(best - 0.5, 1.0, math.nan, 1, 1)
        scores |= {at(0.1 + group, group): Score(best, 1.0, math.nan, 1, 1), at(0.01 + group, group): low}
    found = tuned(scores)
    assert (found.score.accuracy, found.trial.group) == (0.93, 2)
    assert (found.on_edge, found.flat) == (False, None)


def test_a_grid_is_every_combination_of_its_values():
    asked = Tuning(protocol="grid", grid={"learning_rate": [0.1, 0.01], "momentum": [0.0, 0.9]})
    search = Search(asked, "sgd", ("relu",))
    assert search.searched == ("learning_rate", "momentum")
    assert len(search.needed({})) == 4 * 3
    with pytest.raises(UserError, match="two or more"):
        Search(Tuning(protocol="grid", grid={"learning_rate": [0.1]}), "sgd", ("relu",)).needed({})


def test_halving_drops_the_worse_half_after_each_seed_and_says_what_it_saved():
    search = Search(Tuning(budget="halving"), "sgd", ("relu", "mish"))
    results, rounds = searched(search, peak(0.03))
    assert rounds == 3
    of_relu = [(trial, seed) for arm, trial, seed in results if arm == "relu"]
    assert [sum(seed == FIRST_SEED + n for _, seed in of_relu) for n in range(3)] == [7, 4, 2]
    chosen = search.chosen(results)["relu"]
    assert (chosen.trial, chosen.score.runs) == (at(0.0316), 3)
    assert len(results) == 2 * 13 < 2 * 21


def test_a_trial_that_halving_dropped_is_not_chosen_for_a_lucky_first_seed():
    search = Search(Tuning(budget="halving"), "sgd", ("relu",))
    # The best of the first seed falls behind later; those that were dropped keep their high first score.
    results, _ = searched(search, lambda arm, t, seed: peak(0.03)(arm, t, seed) - 0.5 * (seed > FIRST_SEED))
    assert search.chosen(results)["relu"].score.runs == 3


def test_a_search_is_found_out_anew_from_any_part_of_its_results():
    search = Search(Tuning(), "sgd", ("relu", "odd"))
    results, _ = searched(search, peak(1.0))
    some = dict(list(results.items())[:20])
    missing = [key for key in search.needed(some) if key not in some]
    assert set(missing) == set(search.needed({})) - some.keys()


def test_a_run_that_diverged_is_no_best():
    search = Search(Tuning(), "sgd", ("relu",))
    results, _ = searched(search, peak(0.03))
    broken = results | {
        key: Result(0.1, math.inf, learned=False) for key in results if key[1] == at(0.0316) and key[2] == FIRST_SEED
    }
    assert search.chosen(broken)["relu"].trial != at(0.0316)


def test_the_expected_best_is_the_mean_over_all_choices():
    accuracies = [0.3, 0.9, 0.5, 0.5, 0.7]
    found = expected_best(accuracies)
    for k, expected in enumerate(found, start=1):
        drawn = [max(some) for some in itertools.combinations(accuracies, k)]
        assert expected == pytest.approx(statistics.fmean(drawn))
    assert found == sorted(found)
    assert (found[0], found[-1]) == (pytest.approx(0.58), 0.9)


@pytest.mark.parametrize(
    ("asked", "settings", "expected"),
    [
        (
            {"optimizer": "sgd", "learning_rate": 1.0},
            (("learning_rate", 0.1),),
            {"optimizer": "sgd", "learning_rate": 0.1},
        ),
        ({"optimizer": "sgd(nesterov=True)"}, (("momentum", 0.9),), {"optimizer": "sgd(momentum=0.9, nesterov=True)"}),
        ({"optimizer": "sgd(0.5)"}, (("momentum", 0.0),), {"optimizer": "sgd"}),
    ],
)
def test_settings_of_a_trial_lie_over_those_that_are_asked_for(asked, settings, expected):
    found = laid_over(asked, settings)
    assert found == expected
    for name, value in settings:
        assert value_in(found, name) == value


@pytest.mark.parametrize(
    ("asked", "settings", "words"),
    [
        ({"optimizer": "adam"}, (("momentum", 0.9),), "no parameter 'momentum'"),
        ({"optimizer": "sgd"}, (("momentum", 2.0),), "momentum"),
        ({"optimizer": "sgd"}, (("epochs", 3),), "cannot choose 'epochs'"),
        ({"optimizer": "sgd"}, (("activation", "relu"),), "cannot choose"),
    ],
)
def test_what_cannot_be_tuned_is_refused(asked, settings, words):
    with pytest.raises(UserError, match=words):
        laid_over(asked, settings)


def test_every_protocol_says_what_it_does():
    assert set(PROTOCOLS.names) == {"fair", "deepobs", "algoperf", "grid"}
    assert all(len(entry.summary) > 30 for entry in PROTOCOLS)


def test_a_choice_is_told_from_another_by_more_than_two_standard_errors():
    def choice(lead, variance, runs=4):
        scores = {at(0.1): Score(0.9 + lead, 1.0, variance, runs, runs), at(0.2): Score(0.9, 1.0, variance, runs, runs)}
        return tuned(scores)

    # The error of a mean of four with an sd of 0.02 is 0.01.
    assert choice(0.021, 0.0004).tells_from(at(0.2))
    assert not choice(0.019, 0.0004).tells_from(at(0.2))
    assert not choice(0.5, math.nan, runs=1).tells_from(at(0.2))
    assert not choice(0.021, 0.0004).tells_from(at(0.1))
    assert not choice(0.021, 0.0004).tells_from(at(0.3))
