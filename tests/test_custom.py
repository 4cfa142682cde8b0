"""A person's own activations: what can be named, what is refused and in which words, and that nothing is shared."""

import hashlib
import os
import py_compile
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from actbench import custom
from actbench.activations import named, resolve
from actbench.custom.meaning import meaning
from actbench.custom.source import source_of_file
from actbench.errors import UserError
from actbench.registry import parse

MINE = """
import keras
from keras import ops

def double(x):
    return 2 * x

def bent(x, slope=1.0, *, shift=0.0):
    return ops.maximum(x, slope * x) + shift

class Learned(keras.layers.Layer):
    def __init__(self, start=0.5):
        super().__init__()
        self.start = start

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer=keras.initializers.Constant(self.start))

    def call(self, x):
        return self.scale * x

def make_learned(start=0.25):
    return Learned(start)

def make_nothing():
    return None

one_object = Learned()
number = 3

def narrow(x):
    return x[..., :1]

def to_list(x):
    return [x]

class Holder:
    inner = staticmethod(double)
"""


@pytest.fixture(autouse=True)
def _search_path(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.fixture
def mine(tmp_path, request):
    """The path of a Python file with the person's own code; every test gets one of its own."""
    path = tmp_path / "mine.py"
    path.write_text(textwrap.dedent(getattr(request, "param", MINE)))
    return path


def site_output(spelling, x, seed=0):
    from actbench.training.site import Site

    site = Site(resolve(spelling), seed)
    return np.asarray(site(np.asarray(x, "float32"))), site


def test_a_function_in_a_file(mine):
    output, site = site_output("mine.py:double", [[1.0, -2.0]])
    assert output.tolist() == [[2.0, -4.0]]
    assert site.weights == []


def test_a_function_by_its_absolute_path(mine):
    assert site_output(f"{mine}:double", [[3.0]])[0].tolist() == [[6.0]]


def test_a_file_in_a_folder_with_a_space(tmp_path):
    folder = tmp_path / "my own"
    folder.mkdir()
    (folder / "mine.py").write_text(MINE)
    assert site_output("my own/mine.py:double", [[3.0]])[0].tolist() == [[6.0]]


@pytest.mark.parametrize("spelling", ["mine.py:bent(slope=0.5, shift=1)", "mine.py:bent(0.5, shift=1.0)"])
def test_parameters_reach_the_function(mine, spelling):
    assert site_output(spelling, [[2.0, -2.0]])[0].tolist() == [[3.0, 0.0]]


def test_an_attribute_of_an_attribute(mine):
    assert site_output("mine.py:Holder.inner", [[3.0]])[0].tolist() == [[6.0]]


@pytest.mark.parametrize(
    ("spelling", "start"),
    [("Learned", 0.5), ("Learned(start=2)", 2.0), ("make_learned", 0.25), ("make_learned(3)", 3.0)],
)
def test_a_layer_class_or_a_factory_has_weights_of_its_own(mine, spelling, start):
    output, site = site_output(f"mine.py:{spelling}", [[1.0, 2.0]])
    assert output.tolist() == [[start, 2 * start]]
    assert [tuple(w.shape) for w in site.trainable_weights] == [(2,)]


@pytest.mark.parametrize("spelling", ["mine.py:Learned", "mine.py:make_learned", "prelu"])
def test_two_sites_share_no_weights(mine, spelling):
    first, second = site_output(spelling, [[1.0, -2.0]])[1], site_output(spelling, [[1.0, -2.0]])[1]
    assert first.weights
    assert not {id(w) for w in first.weights} & {id(w) for w in second.weights}
    first.weights[0].assign(np.full(2, 9.0))
    assert 9.0 not in np.asarray(second.weights[0])


def test_one_resolved_activation_serves_two_sites_that_share_nothing(mine):
    from actbench.training.site import Site

    resolved = resolve("mine.py:Learned")
    first, second = Site(resolved, 0), Site(resolved, 1)
    for site in (first, second):
        site.build((None, 2))
    assert not {id(w) for w in first.weights} & {id(w) for w in second.weights}


def test_a_layer_object_is_refused_because_its_weights_would_be_shared(mine):
    with pytest.raises(UserError, match="one Layer object, and its weights would be shared .* Name its class"):
        resolve("mine.py:one_object")


def test_a_module_in_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "own_module_here.py").write_text(MINE)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert site_output("own_module_here:double", [[3.0]])[0].tolist() == [[6.0]]


def test_an_installed_module():
    np.testing.assert_allclose(site_output("keras.activations:gelu", [[0.0, 10.0]])[0], [[0.0, 10.0]], atol=1e-6)


@pytest.mark.parametrize(
    ("spelling", "message"),
    [
        ("nowhere.py:act", "There is no file 'nowhere.py' to take the activation from."),
        ("nowhere_at_all:act", "There is no module 'nowhere_at_all' to take the activation from. Write 'file.py:"),
        ("keras.nothing_there:act", "There is no module 'keras.nothing_there' to take the activation from."),
        ("mine.py:duble", "There is no 'duble' in 'mine.py'. Did you mean 'double'?"),
        ("mine.py:Holder.outer", "There is no 'outer' in 'mine.py'."),
        ("mine.py:number", "'mine.py:number' is 3, but an activation must be a function or a class."),
        ("mine.py:double(slope=2)", "The activation 'mine.py:double' cannot be called like that: "),
        ("mine.py:bent(1, 2, 3)", "Its signature is (x, slope=1.0, *, shift=0.0)."),
        ("mine.py:Learned(stop=2)", "cannot be called like that: got an unexpected keyword argument 'stop'"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(mine, spelling, message):
    with pytest.raises(UserError) as refused:
        resolve(spelling)
    assert message in str(refused.value)


@pytest.mark.parametrize("mine", ["1 / 0\n", "def broken(:\n", "raise RuntimeError('no luck')\n"], indirect=True)
def test_a_file_that_fails_on_import_says_so_with_the_reason(mine):
    for _ in range(2):  # a half-imported module must not be found the second time
        with pytest.raises(UserError, match=r"'mine\.py' fails when it is imported: (Zero|Syntax|Runtime)\w*Error: "):
            resolve("mine.py:act")


@pytest.mark.parametrize("mine", ["import sys\nsys.exit(0)\n"], indirect=True)
def test_a_file_that_leaves_python_on_import_does_not_end_the_program(mine):
    with pytest.raises(UserError, match="'mine.py' fails when it is imported: SystemExit"):
        resolve("mine.py:act")


@pytest.mark.parametrize("mine", ["import a_library_that_nobody_has\n"], indirect=True)
def test_a_missing_dependency_is_named(mine):
    with pytest.raises(UserError, match=r"mine\.py.*a_library_that_nobody_has"):
        resolve("mine.py:act")
    package = mine.parent / "package"
    package.mkdir()
    mine.rename(package / "mine.py")
    message = "The module 'package.mine' needs 'a_library_that_nobody_has', which is not installed"
    with pytest.raises(UserError, match=message):
        resolve("package.mine:act")


def test_an_edited_source_is_a_new_definition_under_the_same_spelling(mine):
    before = resolve("mine.py:double").choice
    again = resolve("mine.py:double").choice
    mine.write_text(MINE.replace("2 * x", "3 * x"))
    after = resolve("mine.py:double").choice
    assert before == again
    assert before.spelling == after.spelling == "mine.py:double"
    assert before.definition != after.definition
    assert before.version != after.version
    assert before.definition == f"mine.py:double#{before.version}"


def test_the_definition_belongs_to_the_code_that_is_called(mine):
    """Otherwise a long-lived process would store the figures of the old code under the key of the new."""
    resolve("mine.py:double")
    mine.write_text(MINE.replace("2 * x", "3 * x"))
    assert site_output("mine.py:double", [[1.0]])[0].tolist() == [[3.0]]


def test_the_order_of_named_parameters_does_not_matter(mine):
    one, other = (resolve(f"mine.py:bent({words})").choice for words in ("slope=2, shift=1", "shift=1.0, slope=2.0"))
    assert one == other
    assert one.spelling == "mine.py:bent(shift=1, slope=2)"


def test_the_digest_is_of_the_bytes_that_run_even_where_the_file_rewrites_itself(mine):
    """The file is read once: what it becomes while it is imported is another module, and another digest."""
    content = MINE + "\nfrom pathlib import Path\nPath(__file__).write_text('changed = True')\n"
    mine.write_text(content)
    assert resolve("mine.py:double").choice.version == hashlib.sha256(meaning(content.encode())).hexdigest()[:12]
    assert mine.read_text() == "changed = True"


def test_a_module_that_was_edited_after_its_import_is_refused(tmp_path):
    """Python imports it once: what would be called is the old code, whatever the file says."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "edited_module.py").write_text(MINE)
    sys.path.insert(0, str(library))
    before = resolve("edited_module:double").choice
    assert resolve("edited_module:bent").choice.version == before.version
    (library / "edited_module.py").write_text("# edited\n" + MINE)
    assert resolve("edited_module:double").choice == before
    (library / "edited_module.py").write_text(MINE.replace("2 * x", "3 * x"))
    with pytest.raises(UserError, match="The module 'edited_module' was edited after it was imported. Give the same"):
        resolve("edited_module:double")
    (library / "edited_module.py").write_text(MINE)
    assert resolve("edited_module:double").choice == before


@pytest.mark.parametrize("spelling", ["mine.py:bent(1e999)", "mine.py:bent(shift=-1e999)"])
def test_the_canonical_spelling_of_an_infinite_parameter_can_be_read_again(mine, spelling):
    choice = resolve(spelling).choice
    assert resolve(choice.spelling).choice == choice


@pytest.mark.parametrize(
    ("name", "shown"), [("narrow", r"turns shape \(4\) into \(1\)"), ("to_list", r"turns shape \(4\)")]
)
def test_a_function_that_changes_the_shape_is_refused(mine, name, shown):
    from actbench.training.site import Site

    site = Site(resolve(f"mine.py:{name}"), 0)
    with pytest.raises(UserError, match=rf"The activation 'mine\.py:{name}' {shown}.*must keep the shape"):
        site.build((None, 4))


def test_a_factory_that_makes_no_layer_is_refused(mine):
    from actbench.training.site import Site

    site = Site(resolve("mine.py:make_nothing"), 0)
    with pytest.raises(UserError, match="'mine.py:make_nothing' made None, but a Keras Layer was expected"):
        site.build((None, 4))


def test_a_model_is_named_as_a_model_in_the_message(mine):
    from actbench.models import resolve as resolve_model

    with pytest.raises(UserError, match="There is no file 'nowhere.py' to take the model from"):
        resolve_model("nowhere.py:build")
    with pytest.raises(UserError, match="'mine.py:number' is 3, but a model must be a function or a class"):
        resolve_model("mine.py:number")
    with pytest.raises(UserError, match="The model 'mine.py:double' cannot be called like that"):
        resolve_model("mine.py:double")


IMPORTING = "from pkg.impl import f\nimport keras\n\ndef act(x):\n    return f(x)\n"


@pytest.mark.parametrize("spelling", ["mine.py:act", "code/mine.py:act", "mine_too:act"])
def test_code_that_a_persons_module_imports_counts(tmp_path, spelling):
    file = tmp_path / (spelling.split(":")[0].removesuffix(".py") + ".py")
    package = file.parent / "pkg"
    package.mkdir(parents=True)
    for path, text in (
        (file, IMPORTING),
        (package / "__init__.py", ""),
        (package / "impl.py", "from . import deep\nf = deep.f\n"),
        (package / "deep.py", "f = abs\n"),
        (package / "unused.py", "f = abs\n"),
    ):
        path.write_text(text, encoding="utf-8")

    def digest():
        return source_of_file("activation", str(file)).digest

    first = digest()
    (package / "unused.py").write_text("f = max\n", encoding="utf-8")
    assert digest() == first
    (package / "deep.py").write_text("f = max\n", encoding="utf-8")
    second = digest()
    assert second != first
    (package / "impl.py").write_text("from . import deep  # a comment\n\nf=deep.f\n", encoding="utf-8")
    assert digest() == second
    (package / "impl.py").write_text("from . import deep\nf = deep.f, 1\n", encoding="utf-8")
    assert digest() not in {first, second}


def test_a_module_that_imports_nothing_of_its_own_has_the_digest_of_its_file(tmp_path):
    (tmp_path / "plain.py").write_text(
        "import keras, os, actbench.activations, pkg_that_is_not_there\n", encoding="utf-8"
    )
    content = meaning((tmp_path / "plain.py").read_bytes())
    assert source_of_file("activation", str(tmp_path / "plain.py")).digest == hashlib.sha256(content).hexdigest()[:12]


PLAIN = "def act(x, k=(1, 2)):\n    return x if k else -x\n"


@pytest.mark.parametrize(
    ("code", "same"),
    [
        ("# mine\n\n\ndef act(x, k=(1, 2)):  # it\n\n    return (x if k else -x)\n", True),
        ('"""Mine."""\n\ndef act(x, k=(1,2)):\n    """Doc."""\n    return x if k else -x\n', True),
        ("def act(x, k=(1, 2)):\n\treturn x if k else -x", True),
        ("def act(x, k=(1, 3)):\n    return x if k else -x\n", False),
        ("def act(x, k=(1, 2)):\n    'Doc.'\n    'no doc'\n    return x if k else -x\n", False),
        ("def act(x, k=(1, 2)):\n    return x if k else +x\n", False),
    ],
)
def test_what_people_read_is_no_part_of_what_code_says(code, same):
    assert (meaning(code.encode()) == meaning(PLAIN.encode())) == same


def test_a_function_of_a_docstring_alone_is_still_one():
    assert meaning(b"def f():\n    'Doc.'\n") == b"def f():\n    pass"


@pytest.mark.parametrize("spelling", ["./mine.py:act", "mine:act", "sub/../mine.py:act", "{here}/mine.py:act"])
def test_one_file_is_one_arm_however_it_is_spelled(own_folder, spelling):
    (own_folder / "mine.py").write_text(PLAIN)
    text = spelling.format(here=own_folder)
    assert named(text) == named("mine.py:act")
    assert resolve(text).choice == named("mine.py:act")
    assert named("mine.py:act").spelling == "mine.py:act"


def test_a_module_of_a_package_or_from_elsewhere_keeps_its_name(own_folder, monkeypatch):
    for folder in ("package", "library"):
        (own_folder / folder).mkdir()
        (own_folder / folder / "other.py").write_text(PLAIN)
    monkeypatch.syspath_prepend(own_folder / "library")
    assert named("package.other:act").spelling == "package.other:act"
    assert named("other:act").spelling == "other:act"


@pytest.mark.parametrize(
    "code", ["import .\n", "import a" + ".b" * 500, "\0", "(" * 5000, "from ...... import x\n", "import x"]
)
def test_reading_imports_ends_for_every_text(tmp_path, code):
    path = tmp_path / "x.py"
    path.write_text(code, encoding="utf-8")
    assert len(source_of_file("activation", str(path)).digest) == 12


@pytest.mark.parametrize("edited", ["elsewhere/__init__.py", "elsewhere/deep.py", "single.py"])
def test_what_is_imported_from_elsewhere_counts_unless_it_is_installed(own_folder, edited):
    """As under PYTHONPATH, or of a package that is installed to be edited."""
    library = own_folder / "library"
    (library / "elsewhere").mkdir(parents=True)
    (library / "elsewhere" / "__init__.py").write_text("from . import deep\n")
    (library / "elsewhere" / "deep.py").write_text("import single, keras\n")
    (library / "single.py").write_text("")
    (own_folder / "code").mkdir()
    (own_folder / "code" / "mine.py").write_text(HELPED.format(helper="elsewhere.deep"))
    alone = named("code/mine.py:act")
    sys.path.insert(0, str(library))
    before = named("code/mine.py:act")
    assert before != alone
    (library / edited).write_text("edited = True\n")
    assert named("code/mine.py:act") != before


def test_code_that_leaves_the_current_folder_leaves_it_alone(own_folder):
    (own_folder / "leaving.py").write_text("import os\nos.chdir('/')\n\ndef act(x):\n    return x\n")
    resolve("leaving.py:act")
    assert Path.cwd() == own_folder


HELPED = "import keras\nfrom {helper} import f\n\ndef act(x):\n    return keras.ops.relu(f(x))\n"


def test_what_was_imported_counts_and_not_what_lies_there_afterwards(own_folder):
    helper = own_folder / "edited_back.py"
    (own_folder / "mine.py").write_text(HELPED.format(helper="edited_back"))
    helper.write_text("def f(x):\n    return x\n")
    planned = named("mine.py:act")
    helper.write_text("def f(x):\n    return x * 0.0\n")
    assert resolve("mine.py:act").choice != planned
    helper.write_text("def f(x):\n    return x\n")
    assert named("mine.py:act") == planned
    with pytest.raises(UserError, match="^The module 'edited_back' was edited after it was imported. Give the same"):
        resolve("mine.py:act")


def test_what_is_imported_later_is_what_was_read(own_folder):
    helper = own_folder / "edited_late.py"
    (own_folder / "mine.py").write_text("def act(x):\n    from edited_late import f\n    return f(x)\n")
    helper.write_text("def f(x):\n    return x\n")
    resolved = resolve("mine.py:act")
    helper.write_text("def f(x):\n    return x * 0.0\n")
    with pytest.raises(UserError, match="^The module 'edited_late' was edited before it was imported. Give the same"):
        resolved.function(1.0)


def test_no_compiled_file_of_before_takes_the_place_of_what_was_read(own_folder):
    """Python takes one whose time, in seconds, and size are those of the file."""
    helper = own_folder / "compiled.py"
    helper.write_text("f = abs\n")
    os.utime(helper, (1e9, 1e9))
    py_compile.compile(str(helper))
    helper.write_text("f = max\n")
    os.utime(helper, (1e9, 1e9))
    (own_folder / "mine.py").write_text("from compiled import f\n")
    assert custom.load_attribute("activation", parse("mine.py:f"))[0] is max


@pytest.mark.parametrize("spelling", ["mypkg.acts:act", "src/mypkg/acts.py:act"])
@pytest.mark.parametrize("edited", ["impl.py", "__init__.py"])
def test_what_a_package_imports_of_itself_by_its_own_name_counts(own_folder, spelling, edited):
    package = own_folder / "src" / "mypkg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "acts.py").write_text(HELPED.format(helper="mypkg.impl"))
    (package / "impl.py").write_text("def f(x):\n    return x\n")
    sys.path.insert(0, str(own_folder / "src"))
    before = named(spelling)
    assert resolve(spelling).choice == before
    with (package / edited).open("a") as file:
        file.write("edited = True\n")
    assert named(spelling) != before
    with pytest.raises(UserError, match="was edited after it was imported"):
        resolve(spelling)
