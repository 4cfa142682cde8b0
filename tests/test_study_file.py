"""A study file is read strictly, expanded in the promised order, and overridden by the command line."""

import msgspec
import pytest

from actbench.datasets import DatasetInfo
from actbench.errors import UserError
from actbench.studies.expand import expand
from actbench.studies.file import read_study
from actbench.studies.study import Study

GOOD = """
name = "shapes"
source = "https://example.org/article"
thresholds = [0.9, 0.8]
model = "mlp(8)"

[data]
name = "digits"
validation_split = 0.1

[training]
epochs = 3
optimizer = "sgd(momentum=0.9)"
learning_rate = 0.1

[grid]
activation = ["relu", "swish(beta=0.5)"]
batch_size = [10, 20]
seeds = 2

[variants.published]

[variants.wide]
model = "mlp(16)"
activation = ["tanh"]
learning_rate = 0.5
"""
FACTS = DatasetInfo("0" * 64, 10, (8, 8, 1), 1294, 143, 360)


@pytest.fixture
def study_file(tmp_path):
    def write(text):
        path = tmp_path / "study.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def planned(study):
    return [run for run, _ in expand(study, lambda _: FACTS, lambda *_: "cpu")]


def test_a_study_expands_seed_by_seed_with_the_arms_interleaved(study_file):
    runs = planned(read_study(study_file(GOOD)))
    arms = [(run.seed, run.variant, run.batch_size, run.activation.spelling) for run in runs]
    one_seed = [
        ("published", 10, "relu"),
        ("published", 10, "swish(beta=0.5)"),
        ("published", 20, "relu"),
        ("published", 20, "swish(beta=0.5)"),
        ("wide", 10, "tanh"),
        ("wide", 20, "tanh"),
    ]
    assert arms == [(seed, *arm) for seed in (0, 1) for arm in one_seed]
    wide = runs[4]
    assert (wide.model.spelling, wide.learning_rate, wide.optimizer.spelling) == ("mlp(16)", 0.5, "sgd(momentum=0.9)")
    assert (wide.epochs, wide.validation_split, wide.study) == (3, 0.1, "shapes")
    assert read_study(study_file(GOOD)).chosen_thresholds() == (0.8, 0.9)


def test_a_variant_may_have_seeds_of_its_own(study_file):
    study = read_study(study_file(GOOD.replace("[variants.wide]", "[variants.wide]\nseeds = [1, 7]")))
    seeds = [(run.variant, run.seed) for run in planned(study)]
    assert list(dict.fromkeys(seeds)) == [("published", 0), ("published", 1), ("wide", 1), ("wide", 7)]
    assert {run.seed for run in planned(study.override({"seed": [5]}))} == {5}


def test_some_of_the_variants_may_be_chosen(study_file):
    study = read_study(study_file(GOOD))
    assert {run.variant for run in planned(study.only(["wide"]))} == {"wide"}
    assert planned(study.only(["wide", "published"])) == planned(study.only([])) == planned(study)
    with pytest.raises(UserError, match="has no variant 'wid'. Did you mean 'wide'\\? Known: 'published', 'wide'."):
        study.only(["wide", "wid"])


def test_variants_that_come_out_equal_in_a_trial_are_tried_once():
    longer = {"long": {"epochs": 9, "activation": ["tanh"], "seed": [1]}, "wide": {"model": "mlp(16)"}}
    study = Study(grid={"activation": ["relu", "tanh"], "seed": [0, 1]}, variants={"": {}, **longer})
    assert len(study.expanded) == 9
    tried = msgspec.structs.replace(study, smoke={"epochs": 1, "seed": [0]}).trial
    assert [(variant, asked["activation"], asked["epochs"]) for variant, asked in tried.expanded] == [
        (variant, activation, 1) for variant in ("", "wide") for activation in ("relu", "tanh")
    ]


def test_options_override_the_base_the_grid_and_the_variants(study_file):
    study = read_study(study_file(GOOD)).override({"learning_rate": 0.01, "activation": ["mish"], "seed": [7]})
    runs = planned(study)
    assert {run.learning_rate for run in runs} == {0.01}
    assert {run.activation.spelling for run in runs} == {"mish"}
    assert {run.seed for run in runs} == {7}
    assert {run.model.spelling for run in runs} == {"mlp(8)", "mlp(16)"}


def test_the_name_defaults_to_that_of_the_file(study_file):
    assert read_study(study_file("")).name == "study"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "shapes"', 'name = "shapes', "is not valid TOML"),
        ('name = "shapes"', 'name = "../../x"', "name is '../../x'; letters, digits"),
        ('name = "shapes"', 'name = ".hidden"', "name is '.hidden'; letters, digits"),
        ('name = "shapes"', f'name = "{"x" * 101}"', "at most 100, and no path"),
        ("epochs = 3", "epoch = 3", "training.epoch is not known. Did you mean 'epochs'? Allowed are optimizer,"),
        ("epochs = 3", "epochs = 0", "training.epochs is 0: it must be a whole number >= 1"),
        ("epochs = 3", 'epochs = "3"', "training.epochs is '3': it must be a whole number, not `str`"),
        ("epochs = 3", "epochs = true", "training.epochs is True: it must be a whole number, not `bool`"),
        ("epochs = 3", 'precision = "half"', "training.precision is 'half': allowed are float32, float64, bfloat16"),
        ("learning_rate = 0.1", "learning_rate = nan", "training.learning_rate is nan"),
        ('name = "digits"', 'name = "digit"', "data.name is 'digit': Unknown dataset 'digit'. Did you mean 'digits'?"),
        ("[data]", "[date]", "date is not known. Did you mean 'data'?"),
        ("seeds = 2", "seeds = 0", "grid.seeds is 0; give a number of repeats"),
        ("seeds = 2", "seeds = []", "grid.seeds is []; it must be a list with at least one value"),
        ("seeds = 2", "seeds = [1, 1]", "grid.seeds holds 1 twice"),
        ("batch_size = [10, 20]", "batch_size = 10", "grid.batch_size is 10; it must be a list"),
        ("batch_size = [10, 20]", "batch_size = [10, -1]", "grid.batch_size is -1: it must be a whole number >= 1"),
        (
            '"relu", "swish',
            '"rleu", "swish',
            "grid.activation is 'rleu': Unknown activation 'rleu'. Did you mean 'relu'?",
        ),
        ("thresholds = [0.9, 0.8]", "thresholds = [95]", "thresholds is [95]: it must be a number < 1.0"),
        ("[variants.wide]", "[variants.wide.deep]", "variants.wide.deep is not known"),
        ("[variants.wide]", '[variants."wi\\u0000de"]', "variants has a name that cannot be: Cannot read 'wi\\x00de'"),
        ("[variants.wide]", f"[variants.{'wide' * 300}]", "it is longer than 1000 characters"),
        (
            "[variants.wide]\n",
            "[variants.wide]\nlr = 3\n",
            "variants.wide.lr is not known. Did you mean 'learning_rate'?",
        ),
        ("[data]", "epochs = 3\n[data]", "epochs is not known. Did you mean 'epochs' in [training]?"),
        ('"relu", "swish', '"relu,mish", "swish', "'relu,mish' is 2 names. Give each by itself"),
        ('"sgd(momentum=0.9)"', '"sgd(lr=0.9)"', "or learning_rate = 0.9 in a study's file"),
        ("[variants.wide]\n", "[variants.wide]\nseed = 3\n", "variants.wide.seed is not known"),
        ('activation = ["tanh"]', "activation = []", "variants.wide.activation is []"),
        (
            'activation = ["tanh"]',
            'activation = ["silu", "swish(beta=1)"]',
            "variants.wide.activation holds 'silu' and 'swish(beta=1)', which are the same",
        ),
        ("batch_size = [10, 20]", "batch_size = [10, 10]", "grid.batch_size holds 10 twice"),
        ("[data]", "[smoke]\nepoch = 1\n[data]", "smoke.epoch is not known. Did you mean 'epochs'?"),
        ("[data]", "[[claims]]\ntext = 'x'\n[data]", "claims[0]: give exactly one of arm, cells and curve"),
    ],
)
def test_what_a_file_must_not_say(study_file, old, new, message):
    assert old in GOOD
    with pytest.raises(UserError) as error:
        read_study(study_file(GOOD.replace(old, new)))
    assert message in str(error.value)
    assert "study.toml" in str(error.value)


def test_a_file_that_is_not_there():
    from pathlib import Path

    with pytest.raises(UserError, match=r"Cannot read the study 'nowhere\.toml'"):
        read_study(Path("nowhere.toml"))


def test_two_equal_arms_are_refused_however_they_are_spelled():
    study = Study(grid={"activation": ["swish", "silu"]})
    with pytest.raises(UserError, match="asks twice for the same run: swish with seed 0, and swish with seed 0"):
        planned(study)


def test_equal_arms_in_two_variants_are_refused_by_name():
    study = Study(variants={"a": {}, "b": {"learning_rate": 0.001}})
    with pytest.raises(UserError, match="in variant 'a', and relu with seed 0 in variant 'b'"):
        planned(study)
