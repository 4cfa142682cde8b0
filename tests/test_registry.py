"""Spellings: what can be read, what is refused and in which words, and what two ways of writing have in common."""

import importlib
import math
import string
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from actbench.activations import CATALOGUE, resolve
from actbench.datasets import DATASETS
from actbench.errors import UserError, did_you_mean
from actbench.models import MODELS
from actbench.registry import Parameter, Registry, bind, choose, describe, parameters_of, parse, signature, spell
from actbench.training.optimizers import OPTIMIZERS


@dataclass(frozen=True)
class Thing:
    """An entry that does nothing."""

    name: str
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    summary: str = "A thing."


def sample(
    x,
    slope: Annotated[float, Meta(gt=0, le=10, description="steepness")] = 1.0,
    count: Annotated[int, Meta(ge=1, description="how many")] = 3,
    mode: Annotated[Literal["soft", "hard"], Meta(description="kind of edge")] = "soft",
    flag: Annotated[bool, Meta(description="whether")] = False,
    label: Annotated[str, Meta(description="free text")] = "",
):
    """Not called: only its signature matters."""


def many(x, *widths: Annotated[int, Meta(ge=1, description="units")]):
    """Not called either."""


def needy(x, size: Annotated[int, Meta(description="of it")]):
    """Not called either."""


@pytest.fixture
def registry():
    things = Registry("thing", "actbench.statistics.samples")  # a module without entries of its own
    things.add(Thing("sample", parameters_of(sample, given=1), aliases=("example",)))
    things.add(Thing("many", parameters_of(many, given=1)))
    things.add(Thing("needy", parameters_of(needy, given=1)))
    things.add(Thing("plain"))
    return things


@pytest.mark.parametrize(
    ("text", "provider", "name", "positional", "named"),
    [
        ("relu", "", "relu", (), {}),
        ("  relu ", "", "relu", (), {}),
        ("relu()", "", "relu", (), {}),
        (" swish ( beta = 2 ) ", "", "swish", (), {"beta": 2}),
        ("mlp(100, 50)", "", "mlp", (100, 50), {}),
        ("mlp(100,50,)", "", "mlp", (100, 50), {}),
        ("keras:gelu(approximate=True)", "keras", "gelu", (), {"approximate": True}),
        ("my.module:act", "my.module", "act", (), {}),
        ("my.module:Some.attr(-1.5e-3)", "my.module", "Some.attr", (-0.0015,), {}),
        (r"C:\my files\mine.py:act", r"C:\my files\mine.py", "act", (), {}),
        ("/a b/mine.py:act(x='two words')", "/a b/mine.py", "act", (), {"x": "two words"}),
        ("""f.py:act(x='it"s', y="it's")""", "f.py", "act", (), {"x": 'it"s', "y": "it's"}),
        ("f.py:act(x='a:b)(c', y=1)", "f.py", "act", (), {"x": "a:b)(c", "y": 1}),
        ("f.py:act([1, (2, 3)], x={'a': None})", "f.py", "act", ([1, (2, 3)],), {"x": {"a": None}}),
    ],
)
def test_a_spelling_is_read(text, provider, name, positional, named):
    found = parse(text)
    assert (found.provider, found.name, found.positional, dict(found.named)) == (provider, name, positional, named)


@pytest.mark.parametrize("text", ["", "   ", "()", "(1)", "a(b", "a)b", "a(1", "a 1)", "a((1)"])
def test_what_is_no_spelling_is_refused_and_shown_how(text):
    with pytest.raises(UserError, match="Cannot read .* like .*swish"):
        parse(text)


@pytest.mark.parametrize("text", [":", "a:", ":b", "a:(1)", " : "])
def test_half_a_path_is_refused(text):
    with pytest.raises(UserError, match="Cannot read .* write .*module:attribute"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "a(b)(c)",
        "a(1)(2)",
        "a(b)",
        "a(1 + 2j * 3)",
        "a(*[1])",
        "a(**{'x': 1})",
        "a(x=1, 2)",
        "a(1 2)",
        "a(x:=1)",
        "a(i for i in (1,))",
        "a(lambda: 1)",
        "a(f'{1}')",
        "a(\0)",
        "a(#)",
        "a(x=1, x=2)",
        "a(" + "[" * 900 + ")",
        "a(" + "-" * 900 + "1)",
    ],
    ids=lambda text: text[:20],
)
def test_parameters_that_are_not_plain_values_are_refused(text):
    with pytest.raises(UserError, match="Cannot read the parameters"):
        parse(text)


@pytest.mark.parametrize(
    "payload",
    [
        "__import__('pathlib').Path('evil').touch()",
        "x=open('evil', 'w')",
        "(lambda: open('evil', 'w'))()",
        "[open('evil', 'w') for _ in 'a']",
        "eval('open(\\'evil\\', \\'w\\')')",
        "x=1), open('evil', 'w'",
        "1) or open('evil', 'w'",
        'f\'{open("evil", "w")}\'',
    ],
)
def test_code_in_a_spelling_is_never_evaluated(payload):
    for name in ("swish", "nothing_of_that_name", "os:system"):
        with pytest.raises(UserError):
            resolve(f"{name}({payload})")
    assert not Path("evil").exists()


def canonical(registry, text):
    return choose(registry, text)[2].spelling


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("sample(slope=2)", "sample(slope=2.0)", "sample(slope=2)"),
        ("sample(2)", "sample(slope=2)", "sample(slope=2)"),
        ("sample(slope=2, count=4)", "sample(count=4, slope=2)", "sample(slope=2, count=4)"),
        ("sample(slope=1)", "sample", "sample"),
        ("sample(slope=1.0, count=3)", "sample()", "sample"),
        ("example(slope=2)", "sample(slope=2)", "sample(slope=2)"),
        ("sample(slope=0.50)", "sample(slope=5e-1)", "sample(slope=0.5)"),
        ('sample(mode="hard")', "sample( mode = 'hard' )", "sample(mode='hard')"),
        ("many(100,50)", "many( 100 , 50 )", "many(100, 50)"),
    ],
)
def test_two_ways_of_writing_the_same_have_one_canonical_form(registry, one, other, expected):
    assert canonical(registry, one) == canonical(registry, other) == expected
    assert choose(registry, one)[2].definition == choose(registry, other)[2].definition


def test_the_definition_spells_every_parameter(registry):
    assert choose(registry, "sample")[2].definition == "sample(slope=1, count=3, mode='soft', flag=False, label='')"


def test_different_values_stay_different(registry):
    spellings = [
        "sample(slope=2)",
        "sample(slope=2.5)",
        "sample(flag=True)",
        "sample(label='a')",
        "many(1, 2)",
        "many(12)",
    ]
    assert len({choose(registry, text)[2].definition for text in spellings}) == len(spellings)


@given(
    slope=st.floats(min_value=0, max_value=10, exclude_min=True),
    count=st.integers(min_value=1, max_value=2**62),
    mode=st.sampled_from(["soft", "hard"]),
    flag=st.booleans(),
    label=st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), max_size=200),
)
def test_what_is_spelled_can_be_parsed_again(slope, count, mode, flag, label):
    thing = Thing("sample", parameters_of(sample, given=1))
    values = {"slope": slope, "count": count, "mode": mode, "flag": flag, "label": label}
    for full in (False, True):
        text = spell("sample", thing.parameters, values, full=full)
        assert bind("thing", thing, parse(text)) == values


@given(st.lists(st.integers(min_value=1, max_value=10**6), min_size=1, max_size=6))
def test_what_is_spelled_with_many_values_can_be_parsed_again(widths):
    thing = Thing("many", parameters_of(many, given=1))
    text = spell("many", thing.parameters, {"widths": tuple(widths)})
    assert bind("thing", thing, parse(text)) == {"widths": tuple(widths)}


@given(st.floats(min_value=1e-6, max_value=1e6))
def test_any_beta_of_swish_comes_back_exactly(beta):
    _, values, choice = choose(CATALOGUE, f"swish(beta={beta!r})")
    assert values == {"beta": beta}
    assert choose(CATALOGUE, choice.spelling)[1] == {"beta": beta}


@given(st.text(alphabet=string.printable, max_size=40))
def test_any_text_is_either_read_or_refused_in_words(text):
    try:
        found = parse(text)
    except UserError as error:
        message = str(error)
    else:
        assert found.name
        return
    assert message.startswith("Cannot read") or "is no name: it holds characters that cannot be printed" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sample(slope=0)", "thing 'sample' got slope=0; allowed is a number > 0 and <= 10."),
        ("sample(slope=11)", "thing 'sample' got slope=11; allowed is a number > 0 and <= 10."),
        ("sample(slope='1')", "thing 'sample' got slope='1'; allowed is a number"),
        ("sample(slope=True)", "thing 'sample' got slope=True; allowed is a number"),
        ("sample(slope=None)", "thing 'sample' got slope=None; allowed is a number"),
        ("sample(slope=[1])", "thing 'sample' got slope=[1]; allowed is a number"),
        ("sample(slope=1j)", "thing 'sample' got slope=1j; allowed is a number"),
        ("sample(count=2.5)", "thing 'sample' got count=2.5; allowed is a whole number >= 1."),
        ("sample(mode='other')", "got mode='other'; allowed is one of 'soft', 'hard'."),
        ("sample(flag=1)", "got flag=1; allowed is True or False."),
        ("sample(label=1)", "got label=1; allowed is a text."),
        ("sample(slop=2)", "thing 'sample' has no parameter 'slop'. Did you mean 'slope'? It takes slope, count, "),
        ("sample(zzz=2)", "thing 'sample' has no parameter 'zzz'. It takes slope, count, mode, flag, label."),
        ("plain(zzz=2)", "thing 'plain' has no parameter 'zzz'. It takes no named parameters."),
        ("sample(2, slope=3)", "thing 'sample' was given 'slope' twice, by place and by name."),
        ("plain(1)", "thing 'plain' takes no parameters, but 1 were given."),
        ("sample(1, 2, 'soft', True, 'a', 6)", "takes at most 5 parameters (slope, count, mode, flag, label), but 6"),
        ("many", "thing 'many' needs at least one value: a whole number >= 1 (units)."),
        ("many(1, 0)", "thing 'many' got widths=0; allowed is a whole number >= 1."),
        ("many(widths=3)", "thing 'many' has no parameter 'widths'."),
        ("needy", "thing 'needy' needs 'size': a whole number (of it)."),
    ],
)
def test_wrong_parameters_are_refused_in_words(registry, text, message):
    with pytest.raises(UserError) as refused:
        choose(registry, text)
    assert message in str(refused.value)


@pytest.mark.parametrize("value", ["1e999", "-1e999"])
def test_infinity_is_no_parameter(value):
    with pytest.raises(UserError, match=r"swish.* got beta=-?inf; allowed is a number"):
        resolve(f"swish(beta={value})")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_and_infinity_are_refused_whatever_way_they_come(registry, value):
    from actbench.registry import Spelling

    with pytest.raises(UserError, match="got slope=(nan|inf)"):
        bind("thing", registry["sample"], Spelling("", "sample", (), {"slope": value}))


def test_an_unknown_name_gets_a_suggestion_and_the_list(registry):
    with pytest.raises(UserError, match=r"Unknown thing 'sampel'\. Did you mean 'sample'\? 'actbench list things'"):
        registry["sampel"]
    with pytest.raises(UserError, match=r"Unknown thing 'xyz'\. 'actbench list things' shows them all\."):
        registry["xyz"]


@pytest.mark.parametrize(("typed", "meant"), [("mihs", "mish"), ("Relu", "relu"), ("hard-sigmoid", "hard_sigmoid")])
def test_a_near_miss_of_an_activation_is_guessed(typed, meant):
    with pytest.raises(UserError, match=rf"Unknown activation '{typed}'\. Did you mean '{meant}'\?"):
        resolve(typed)


def test_nothing_is_suggested_where_nothing_is_near():
    assert did_you_mean("qqqqqq", ["relu", "mish"]) == ""


def test_an_alias_stands_for_its_entry(registry):
    assert registry["example"] is registry["sample"]
    assert "example" in registry
    assert "nothing" not in registry
    assert [thing.name for thing in registry] == ["many", "needy", "plain", "sample"]
    assert len(registry) == 4


@pytest.mark.parametrize(
    "thing", [Thing("sample"), Thing("example"), Thing("new", aliases=("plain",)), Thing("new", aliases=("example",))]
)
def test_a_name_is_given_once(registry, thing):
    with pytest.raises(ValueError, match="registered twice"):
        registry.add(thing)
    assert "new" not in registry


def test_what_is_removed_is_gone_with_its_aliases_and_its_names_are_free(registry):
    registry.remove("example")
    assert "sample" not in registry
    assert "example" not in registry
    registry.add(Thing("example"))
    assert registry["example"].name == "example"
    with pytest.raises(UserError):
        registry.remove("nothing")


def test_a_parameter_without_a_type_is_a_mistake_of_the_author():
    with pytest.raises(TypeError, match="'slope' needs a type annotation"):
        parameters_of(lambda x, slope=1: x + slope, given=1)


def test_a_new_module_in_the_package_is_found_at_the_first_look_up(tmp_path, monkeypatch):
    package = tmp_path / "shelf_of_things"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from actbench.registry import Registry\nTHINGS = Registry('thing', __name__)\n"
    )
    (package / "family.py").write_text(
        "from dataclasses import dataclass\n"
        "from shelf_of_things import THINGS\n"
        "@dataclass(frozen=True)\n"
        "class Thing:\n"
        "    name: str\n"
        "    aliases: tuple = ()\n"
        "    parameters: tuple = ()\n"
        "    summary: str = 'A thing.'\n"
        "THINGS.add(Thing('found'))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    things = importlib.import_module("shelf_of_things").THINGS
    assert things["found"].name == "found"
    assert [thing.name for thing in things] == ["found"]


def test_signatures_and_descriptions_say_what_can_be_set(registry):
    assert signature(registry["sample"]) == "sample(slope=1, count=3, mode='soft', flag=False, label='')"
    assert signature(registry["many"]) == "many(*widths)"
    assert signature(registry["needy"]) == "needy(size)"
    assert signature(registry["plain"]) == "plain"
    assert describe(registry["sample"])["parameters"][0] == {
        "name": "slope",
        "default": 1.0,
        "allowed": "a number > 0 and <= 10",
        "meaning": "steepness",
    }


@pytest.mark.parametrize("registry", [CATALOGUE, DATASETS, MODELS, OPTIMIZERS], ids=lambda r: r.kind)
def test_every_entry_says_what_it_is_and_what_its_parameters_mean(registry):
    assert len(registry) >= 4
    for entry in registry:
        assert entry.summary, entry.name
        for parameter in entry.parameters:
            assert parameter.meaning, (entry.name, parameter.name)
            assert parameter.allowed, (entry.name, parameter.name)
        if not any(p.required or p.variadic for p in entry.parameters):
            assert choose(registry, entry.name)[2].spelling == entry.name
            assert choose(registry, signature(entry))[2].spelling == entry.name


@pytest.mark.parametrize(
    "name",
    [
        "relu", "linear", "sigmoid", "hard_sigmoid", "tanh", "softsign", "elu", "selu", "softplus", "hardshrink",
        "spocu", "frelu", "prelu", "swish", "mish",
    ],
)  # fmt: skip
def test_the_activations_of_the_articles_are_there(name):
    assert CATALOGUE[name].name == name
