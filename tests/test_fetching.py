"""Published data through the whole program: found or fetched, proved, kept; what a person reads where that fails."""

import json
import os
import shutil
import signal
import sys
import zipfile
from pathlib import Path

import fetched
import numpy as np
import pytest
from conftest import wait_for
from fetched import (
    CONTENT,
    NAME,
    OTHER,
    PATIENCE,
    Server,
    content_of,
    cut,
    forget,
    full_at,
    published_file,
    redirect,
    register,
    stalled,
    status,
    whole,
    without_powers,
    write_facts,
)

from actbench import datasets
from actbench.datasets import DATASETS
from actbench.datasets.fetching import cache, download
from actbench.datasets.fetching.events import told
from actbench.datasets.fetching.hashes import arrays_hash
from actbench.datasets.fetching.places import folder
from actbench.datasets.fetching.stamps import known_arrays, remember_arrays
from actbench.datasets.published.files import PUBLISHED
from actbench.errors import UserError

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="gives up the powers of root in Linux's way")
SIZE = f"{len(CONTENT) / 1000:.3g} kB"
RUN = ("run", "--act", "relu", "--data", NAME, "--device", "cpu", "--dry-run")


@pytest.fixture
def server():
    with Server() as server:
        yield server


@pytest.fixture(autouse=True)
def home(own_folder, monkeypatch):
    """A person's empty home; the network may be used."""
    monkeypatch.setattr(download, "PATIENCE", PATIENCE)
    for name, value in {"HOME": "home", "KERAS_HOME": "keras", "ACTBENCH_DATA_DIR": "kept"}.items():
        monkeypatch.setenv(name, str(own_folder / value))
    monkeypatch.setenv("ACTBENCH_OFFLINE", "")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return own_folder


@pytest.fixture
def known():
    """Declare ``faces``, published in such containers; nobody knows it after the test."""

    def declare(*containers):
        return register(*containers)

    yield declare
    forget()


@pytest.fixture
def faces(server, known):
    """``faces`` in one file, which one good mirror has. Returns what is known of it."""
    return known([published_file([server.put("/faces", whole())])])


def arrays():
    """What the published file holds."""
    with np.load(fetched.io.BytesIO(CONTENT)) as file:
        return {key: file[key] for key in file.files}


def put(path, content=CONTENT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names_in(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def state_of(invoke, *words):
    """The state of ``faces`` as a command says it in JSON, and its exit code."""
    done = invoke("data", *words, "--json")
    (row,) = [row for row in json.loads(done.stdout) if row["name"] == NAME]
    return row["state"], done.returncode


def heard_of(published, data_dir=None):
    """The events of one reading."""
    heard = []
    with told(heard.append):
        cache.arrays(published, data_dir)
    return [type(event).__name__ for event in heard if type(event).__name__ != "Received"]


def test_it_is_fetched_once_proved_and_kept(invoke, server, faces, home):
    assert state_of(invoke, "list") == ("absent", 0)
    done = invoke(*RUN)
    assert done.returncode == 0, done.stderr
    mirror = faces.containers[0].files[0].mirrors[0]
    assert f"Fetching faces.npz ({SIZE}) from {mirror}\n" in done.stderr
    assert f"faces is verified, and kept as {home}/kept/faces.npz\n" in done.stderr
    for _ in range(2):
        assert "faces" not in invoke(*RUN).stderr
    assert len(server.asked) == 1
    assert names_in("kept") == [
        "downloads",
        "faces.json",
        "faces.lock",
        "faces.npz",
        "known.json",
        "known.json.lock",
    ]
    assert names_in("kept/downloads") == []
    for words in (("list",), ("verify",), ("fetch", NAME)):
        assert state_of(invoke, *words) == ("verified", 0)
    assert invoke("data", "path", NAME).stdout == f"{home}/kept/faces.npz\n"
    assert json.loads(invoke("data", "path", NAME, "--json").stdout) == {"path": f"{home}/kept/faces.npz"}
    stamp = json.loads(Path("kept/faces.json").read_text(encoding="utf-8"))
    assert stamp["arrays_sha256"] == datasets.info(datasets.Request(NAME)).sha256
    assert stamp["files"] == [
        {"name": "faces.npz", "came_from": mirror, "sha256": faces.containers[0].files[0].sha256, "md5": ""}
    ]
    with np.load("kept/faces.npz", allow_pickle=False) as file:
        for key, array in arrays().items():
            np.testing.assert_array_equal(file[key], array)
            assert file[key].dtype == array.dtype


@pytest.fixture
def fashion(server):
    """In place of Fashion-MNIST's files, those of ``faces``: what workers know is the real declaration."""
    name = "fashion_mnist"
    real = PUBLISHED[name], DATASETS[name]
    forget(name)
    register([published_file([server.put("/faces", whole())])], name=name)
    yield name
    forget(name)
    PUBLISHED.add(real[0])
    DATASETS.add(real[1])


@pytest.mark.slow
def test_what_was_fetched_and_proved_is_trained(invoke, server, fashion):
    run = ("run", "--act", "relu", "--data", fashion, "--epochs", "1", "--device", "cpu")
    assert invoke(*run, "--offline").returncode == 2
    os.environ["ACTBENCH_OFFLINE"] = ""
    done = invoke(*run, "--json")
    assert done.returncode == 0, done.stderr
    assert "fashion_mnist is verified, and kept as" in done.stderr
    (task,) = json.loads(done.stdout)["tasks"]
    assert [arm["activation"] for arm in task["arms"]] == ["relu"]
    assert len(server.asked) == 1


def test_the_lists_are_for_people_too(invoke, faces):
    for words in (("list",), ("fetch", NAME), ("verify",), ("verify", NAME)):
        done = invoke("data", *words)
        assert done.returncode == 0, done.stderr
        (line,) = [line for line in done.stdout.splitlines() if line.strip().startswith(NAME)]
        assert ("Pictures of nobody" in line) == (words == ("list",))
        assert ("verified" in line) == (words != ("list",))
    assert "digits" in invoke("data", "list").stdout


def test_offline_it_is_said_what_may_be_put_where(invoke, server, faces, home):
    file = faces.containers[0].files[0]
    done = invoke(*RUN, "--offline")
    assert (done.returncode, done.stdout, server.asked) == (2, "", [])
    assert not Path("kept").exists()
    places = [home / "kept/faces/faces.npz", home / "keras/datasets/faces-1/faces.npz"]
    assert f"Put faces.npz (SHA-256 {file.sha256}) as {places[0]} or {places[1]}." in done.stderr
    assert "--data digits" in done.stderr
    for place in places:
        put(place)
        assert invoke(*RUN).returncode == 0  # the variable has been set for all that follow
        shutil.rmtree("kept")
        shutil.rmtree("keras", ignore_errors=True)
    assert server.asked == []
    assert invoke("data", "fetch", NAME).returncode == 2


def test_offline_even_where_it_is_taken_away_at_that_moment(invoke, server, faces, monkeypatch):
    monkeypatch.setenv("ACTBENCH_OFFLINE", "1")
    place, real = put(Path("kept/faces/faces.npz")), cache.locked

    def late(name):
        place.unlink()
        return real(name)

    monkeypatch.setattr(cache, "locked", late)
    assert invoke("data", "fetch", NAME).returncode == 2
    assert server.asked == []


@pytest.mark.parametrize("said", ["0", "no", "False", "off", " "])
def test_a_variable_that_says_no(faces, server, monkeypatch, said):
    monkeypatch.setenv("ACTBENCH_OFFLINE", said)
    cache.arrays(faces)
    assert len(server.asked) == 1


@pytest.mark.parametrize("words", [("data", "fetch", NAME), ("reproduce", "faces.toml")])
def test_offline_everywhere(invoke, server, faces, words):
    Path("faces.toml").write_text(
        'name = "faces"\nsource = "nobody"\n[data]\nname = "faces"\n[grid]\nactivation = ["relu"]\n', encoding="utf-8"
    )
    done = invoke(*words, "--offline")
    assert done.returncode == 2
    assert "faces is not here, and --offline (or ACTBENCH_OFFLINE) keeps it from being fetched." in done.stderr
    assert server.asked == []


@pytest.mark.parametrize(
    "place",
    ["keras/datasets/faces-1/faces.npz", "kept/faces.npz.gz", "data/faces/raw.npz", "home/datasets/faces/raw.npz"],
)
def test_what_lies_here_is_used_before_the_network(invoke, server, known, place):
    name = "faces.npz.gz" if "kept" in place else "faces.npz"
    kept_as = ("keras:faces-1/faces.npz", "torchvision:faces/raw.npz")
    known([published_file([server.put("/faces", whole())], name=name, kept_as=kept_as)])
    put(Path(place), OTHER)
    assert "faces" in invoke("data", "fetch", NAME).stdout
    assert len(server.asked) == 1
    shutil.rmtree("kept")
    put(Path(place))
    done = invoke("data", "fetch", NAME)
    assert done.returncode == 0
    assert ("lies intact at" in done.stderr) == ("kept" not in place)
    assert len(server.asked) == 1
    assert Path(place).read_bytes() == CONTENT


def test_what_is_not_the_published_file_is_left_alone(invoke, faces):
    other = put(Path("keras/datasets/faces-1/faces.npz"), OTHER)
    done = invoke("data", "fetch", NAME)
    assert f"{other.absolute()} is not faces.npz as it was published, and is left alone." in done.stderr
    assert other.read_bytes() == OTHER
    assert state_of(invoke, "list") == ("verified", 0)


FAULTS = {
    "another file": (whole(OTHER), "sent another file, SHA-256 "),
    "cut short": (cut(ranges=False), "the connection broke off after 30000 bytes"),
    "404": (status(404), "404 Not Found"),
    "500": (status(500), "500 Internal Server Error"),
    "larger": (whole(CONTENT + b"more"), "bytes, where the file has"),
    "a circle": (redirect("/faces"), "leads elsewhere more than 10 times"),
}


@pytest.mark.parametrize(("answer", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_mirror_and_what_to_do(invoke, server, known, answer, reason):
    mirror = server.put("/faces", answer)
    made = known([published_file([mirror])])
    done = invoke(*RUN)
    assert (done.returncode, done.stdout) == (2, "")
    (message,) = [line for line in done.stderr.splitlines() if line.startswith("actbench: ")]
    assert message.startswith(f"actbench: faces could not be fetched (faces.npz from {mirror}: ")
    for part in (reason, made.containers[0].files[0].sha256, "'actbench data import FILE'", "--data digits"):
        assert part in message
    assert not Path("kept/faces.npz").exists()
    server.put("/faces", whole())
    assert invoke(*RUN).returncode == 0


def test_the_first_mirror_is_dead(invoke, server, known):
    with Server() as gone:
        dead = gone.put("/faces", whole())
    known([published_file([dead, server.put("/faces", whole())])])
    done = invoke("data", "fetch", NAME)
    assert done.returncode == 0
    assert f"Left {dead}: Connection refused.\n" in done.stderr
    assert invoke("data", "fetch", NAME, "--quiet").stderr == ""


def test_one_that_cannot_be_fetched_stops_no_other(invoke, server, known, fashion):
    known([published_file([server.put("/gone", status(404))])])
    done = invoke("data", "fetch", NAME, fashion)
    assert done.returncode == 2
    assert "faces could not be fetched" in done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines() if fashion in line] == ["verified"]
    assert invoke("data", "fetch", NAME).stdout == ""


def test_another_container_where_the_first_cannot_be_had(invoke, server, known):
    halves = two_files(server)
    known([published_file([server.put("/gone", status(404))])], halves)
    assert invoke("data", "fetch", NAME).returncode == 0
    assert json.loads(Path("kept/faces.json").read_text(encoding="utf-8"))["arrays_sha256"] == arrays_hash(arrays())


def two_files(server=None):
    """The same data in two files, as it is published elsewhere."""
    files = []
    for part in ("train", "test"):
        content = fetched.io.BytesIO()
        np.savez(content, **{key: value for key, value in arrays().items() if key.endswith(part)})
        content = content.getvalue()
        mirrors = [server.put(f"/{part}", whole(content))] if server else []
        put(Path(f"brought/{part}.bin"), content)
        files.append(published_file(mirrors, content, name=f"{part}.bin", kept_as=()))
    return files


def test_all_files_are_named_where_no_container_can_be_had(invoke, server, known):
    halves = two_files(server)
    gone = server.put("/train", status(404))
    known(halves, [published_file([])])
    done = invoke("data", "fetch", NAME)
    assert done.returncode == 2
    hashes = [f"{file.name} (SHA-256 {file.sha256})" for file in halves]
    assert f"(train.bin from {gone}: 404 Not Found; faces.npz from nowhere: no address is known)" in done.stderr
    assert f"Fetch {hashes[0]} and {hashes[1]} with a browser" in done.stderr


def test_a_cache_that_was_touched_or_changed(invoke, server, faces):
    invoke("data", "fetch", NAME)
    kept = Path("kept/faces.npz")
    os.utime(kept, (1, 1))
    assert state_of(invoke, "list") == ("verified", 0)
    assert json.loads(Path("kept/faces.json").read_text(encoding="utf-8"))["mtime_ns"] == 10**9

    content = bytearray(kept.read_bytes())
    content[1000] ^= 1
    kept.write_bytes(content)
    os.utime(kept, (1, 1))
    assert state_of(invoke, "list") == ("verified", 0)  # a look at size and time sees nothing
    assert state_of(invoke, "verify") == ("damaged", 1)

    for break_it in (
        lambda: os.utime(kept),
        lambda: kept.write_bytes(content[:-1]),
        lambda: put(Path("kept/faces.json"), b"{"),
    ):
        break_it()
        done = invoke(*RUN)
        assert done.returncode == 2
        assert (
            "faces.npz' no longer holds what was kept there. 'actbench data fetch faces' makes it anew" in done.stderr
        )
        assert state_of(invoke, "verify") == ("damaged", 1)
    assert state_of(invoke, "fetch", NAME) == ("verified", 0)
    assert len(server.asked) == 2
    assert invoke(*RUN).returncode == 0


def test_bytes_that_rot_under_an_old_time(invoke, server, faces):
    invoke("data", "fetch", NAME)
    kept = Path("kept/faces.npz")
    time_ns, content = kept.stat().st_mtime_ns, bytearray(kept.read_bytes())
    content[50_000] ^= 1
    kept.write_bytes(content)
    os.utime(kept, ns=(time_ns, time_ns))
    done = invoke(*RUN)
    assert done.returncode == 2
    assert "faces.npz' no longer holds what was kept there. 'actbench data fetch faces' makes it anew" in done.stderr
    assert state_of(invoke, "fetch", NAME) == ("verified", 0)
    assert invoke(*RUN).returncode == 0
    assert len(server.asked) == 2


def test_a_stamp_that_says_other_arrays(invoke, faces):
    invoke("data", "fetch", NAME)
    stamp = Path("kept/faces.json")
    said = json.loads(stamp.read_text(encoding="utf-8"))
    stamp.write_text(json.dumps(said | {"arrays_sha256": "0" * 64}), encoding="utf-8")
    assert state_of(invoke, "verify") == ("damaged", 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
@pytest.mark.parametrize("place", ["kept/faces.json", "kept/known.json"])
def test_a_pipe_in_the_place_of_what_we_keep(invoke, faces, place):
    put(Path("kept/faces.npz"), OTHER)
    os.mkfifo(place)
    done = invoke("data", "verify", NAME)
    assert done.returncode == 2
    assert f"{place}' is a pipe or a device, not a file." in done.stderr


def test_an_archive_of_ones_own_is_taken_and_called_so(invoke, server, faces, home):
    put(Path("kept/faces.npz"), OTHER)
    done = invoke(*RUN)
    assert done.returncode == 0
    assert (
        done.stderr.count(f"faces is {home}/kept/faces.npz as it lies there: local data, not the published file.") == 1
    )
    for words in (("list",), ("verify",), ("fetch", NAME)):
        assert state_of(invoke, *words) == ("local", 0)
    assert server.asked == []
    assert Path("kept/faces.npz").read_bytes() == OTHER


def test_the_published_file_itself_in_the_place_of_the_archive(invoke, server, faces, home):
    """Some are published as NAME.npz; what lies under that name may even hold pickles, which only its decoder reads."""
    kept = put(Path("kept/faces.npz"))
    for words in (("list",), ("verify",), ("fetch", NAME)):
        assert state_of(invoke, *words) == ("verified", 0)
    assert invoke("data", "import", kept).returncode == 0
    assert heard_of(faces) == heard_of(faces, Path("kept")) == []
    assert arrays_hash(cache.arrays(faces)) == arrays_hash(arrays())
    assert server.asked == []
    assert kept.read_bytes() == CONTENT


def test_a_folder_that_cannot_be(invoke, server, faces, home, monkeypatch):
    monkeypatch.setenv("ACTBENCH_DATA_DIR", str(put(Path("a_file")) / "kept"))
    done = invoke(*RUN)
    assert done.returncode == 2
    assert f"Cannot keep faces in '{home}/a_file/kept': Not a directory." in done.stderr
    assert server.asked == []


@LINUX
def test_a_folder_where_no_file_can_be_made(invoke, server, faces, monkeypatch):
    monkeypatch.setenv("ACTBENCH_DATA_DIR", "/proc")
    done = invoke("data", "fetch", NAME)
    assert done.returncode == 2
    assert "Cannot keep faces in '/proc': No such file or directory." in done.stderr
    assert server.asked == []


@pytest.mark.parametrize(
    ("chosen", "place"), [("~/kept", "home/kept"), ("kept", "kept"), ("~no such user/kept", "~no such user/kept")]
)
def test_the_folder_is_told_in_full(invoke, home, monkeypatch, chosen, place):
    monkeypatch.setenv("ACTBENCH_DATA_DIR", chosen)
    assert invoke("data", "path").stdout == f"{home / place}\n"


@LINUX
def test_a_folder_that_cannot_be_read(invoke, faces):
    put(Path("kept/faces.npz"))
    Path("kept").chmod(0)
    with without_powers():
        done = invoke(*RUN)
        assert invoke("data", "list").returncode == 2
    Path("kept").chmod(0o755)
    assert done.returncode == 2
    assert "kept/faces.npz': Permission denied." in done.stderr


def test_an_archive_of_ones_own_with_the_published_data(invoke, server, faces):
    invoke("data", "fetch", NAME)
    Path("kept/faces.json").unlink()
    np.savez_compressed("kept/faces.npz", **arrays())
    assert state_of(invoke, "verify") == ("same", 0)
    assert state_of(invoke, "list") == ("local", 0)


def test_a_named_data_folder(faces, server):
    with pytest.raises(
        UserError, match=r"There is no faces\.npz in the data folder 'mine'.*'actbench data fetch faces'"
    ):
        cache.arrays(faces, Path("mine"))
    kept = put(Path("mine/faces.npz"), OTHER)
    put(Path("mine/faces.json"), b"{")
    with pytest.raises(
        UserError, match=r"'mine/faces\.npz' no longer holds what was kept there\. Remove it; to use it as"
    ):
        cache.arrays(faces, kept.parent)
    Path("mine/faces.json").unlink()
    assert heard_of(faces, Path("mine")) == ["LocalData"]
    assert server.asked == []
    assert heard_of(faces) == ["MirrorTried", "FileFetched", "DataKept"]
    assert heard_of(faces) == heard_of(faces, folder()) == []


# Files that somebody brings.


def test_a_file_is_known_by_its_hash_whatever_it_is_called(invoke, server, faces):
    done = invoke("data", "import", put(Path("brought/download (1)")))
    assert (done.returncode, done.stdout) == (0, "faces is verified and here.\n")
    assert state_of(invoke, "verify") == ("verified", 0)
    assert server.asked == []
    assert invoke("data", "import", "brought").returncode == 0


def test_a_published_file_in_a_zip(invoke, server, faces, home):
    brought = put(Path("brought/faces.zip"), b"")
    with zipfile.ZipFile(brought, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("../faces.npz", OTHER)
        file.writestr("some where/faces (1).npz", CONTENT)
        file.writestr("notes.txt", "hello")
    assert invoke("data", "import", "brought").stdout == "faces is verified and here.\n"
    assert state_of(invoke, "verify") == ("verified", 0)
    stamp = json.loads(Path("kept/faces.json").read_text(encoding="utf-8"))
    assert [file["came_from"] for file in stamp["files"]] == ["brought/faces.zip"]
    assert names_in(home) == ["brought", "kept"]
    assert server.asked == []


def test_a_zip_that_lies_or_is_none(invoke, faces):
    with zipfile.ZipFile(put(Path("brought/a.zip"), b""), "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("faces.npz", CONTENT + bytes(10**6))
    content = Path("brought/a.zip").read_bytes()
    central = content.rindex(b"PK\x01\x02") + 24
    for damaged in (
        content[:-10],
        content[:central] + len(CONTENT).to_bytes(4, "little") + content[central + 4 :],
        content[:5_000] + b"\xff" * 100 + content[5_100:],
        b"no zip",
    ):
        done = invoke("data", "import", put(Path("brought/a.zip"), damaged))
        assert done.returncode == 2
        assert done.stderr.startswith("actbench: Nothing in 'brought/a.zip' is a published file ")


def test_a_file_whose_size_nobody_states_is_known_too(invoke, known):
    known([published_file([], size=0)])
    done = invoke("data", "import", put(Path("brought/x")))
    assert (done.returncode, done.stdout) == (0, "faces is verified and here.\n")
    (row,) = [row for row in json.loads(invoke("data", "list", "--json").stdout) if row["name"] == NAME]
    assert row["size"] is None


def test_all_that_was_verified_is_remembered(home):
    for name, digits in (("a", "1"), ("b", "2"), ("a", "3")):
        remember_arrays(home, name, digits)
    assert known_arrays(home, "a") == {"1", "3"}
    assert known_arrays(home, "c") == set()


def test_files_may_come_one_after_the_other(invoke, known):
    known(two_files())
    done = invoke("data", "import", "brought/test.bin")
    assert done.stdout == "faces: test.bin taken; to be complete it still needs train.bin.\n"
    assert state_of(invoke, "list") == ("absent", 0)
    assert invoke("data", "import", "brought/train.bin", "--as", NAME).returncode == 0
    assert state_of(invoke, "verify") == ("verified", 0)


def test_a_folder_is_searched(invoke, known):
    known(two_files())
    put(Path("brought/deep/er/notes.txt"), b"hello")
    Path("brought/train.bin").rename("brought/deep/one")
    assert json.loads(invoke("data", "import", "brought", "--json").stdout) == [{"name": NAME, "missing": []}]


def test_other_containers_count_where_their_arrays_are_known(invoke, faces):
    np.savez_compressed("mine.npz", **arrays() | {"y_train": arrays()["y_train"].astype("int64")[:, None]})
    for words in ((), ("--as", NAME)):
        done = invoke("data", "import", "mine.npz", *words)
        assert done.returncode == 2
        assert done.stderr.startswith("actbench: Nothing in 'mine.npz' is a published file ")
    assert f"Published are faces.npz (SHA-256 {faces.containers[0].files[0].sha256})." in done.stderr
    invoke("data", "fetch", NAME)
    Path("kept/faces.npz").unlink()
    Path("kept/faces.json").unlink()
    assert invoke("data", "import", "mine.npz").returncode == 0
    assert state_of(invoke, "verify") == ("verified", 0)
    Path("kept/faces.npz").unlink()
    Path("kept/faces.json").unlink()
    assert invoke("data", "import", put(Path("other.bin"), content_of(seed=2)), "--as", NAME).returncode == 2
    assert state_of(invoke, "list") == ("absent", 0)


def test_data_of_ones_own_is_not_replaced(invoke, faces):
    own = put(Path("kept/faces.npz"), OTHER)
    done = invoke("data", "import", put(Path("brought/faces.npz")))
    assert done.returncode == 2
    assert (
        f"{str(own.absolute())!r} is data of your own. Move it away, then give the same command again." in done.stderr
    )
    assert own.read_bytes() == OTHER


def test_mistakes(invoke, faces):
    for words, says in {
        ("fetch",): "Say which data sets to fetch, as 'actbench data list' names them, or --all.",
        ("fetch", "face"): "Did you mean 'faces'?",
        ("fetch", "digits"): "digits is built in, or drawn from another data set: no file of it is published.",
        ("path", NAME): "faces is not here. 'actbench data fetch faces' fetches it.",
        ("import", "nowhere"): "There is no file or folder 'nowhere'.",
        ("import", "nowhere", "--as", "digits"): "digits is built in",
    }.items():
        done = invoke("data", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr
    assert invoke("data", "path").stdout == f"{folder()}\n"
    os.environ.pop("ACTBENCH_DATA_DIR")  # the fixture puts it back
    assert folder().name == "actbench"


# What happens to processes and disks.


@pytest.fixture
def alone(started, home):
    """Begin actbench as a process of its own that knows ``faces`` from one mirror."""

    def start(mirror, *words, **patience):
        facts = write_facts(home / "facts.json", published_file([mirror]), patience=patience)
        return started(facts, *words, command=[sys.executable, fetched.__file__], cwd=home)

    return start


def test_two_processes_fetch_once(server, alone):
    def held(handler):
        server.released.wait(60)
        whole()(handler)

    mirror = server.put("/faces", held)
    first = alone(mirror, "data", "fetch", NAME, silence=60)
    wait_for(lambda: server.asked, first)
    second = alone(mirror, "data", "fetch", NAME, silence=60)
    assert second.stderr.readline() == "Another process is fetching faces: waiting for it.\n"
    server.released.set()
    for process in (first, second):
        out, err = process.communicate()
        assert process.returncode == 0, err
        assert "verified" in out
    assert len(server.asked) == 1


def test_killed_in_the_middle_and_run_again(invoke, server, known, alone, home):
    mirror = server.put("/faces", stalled(server, at=40_000))
    process = alone(mirror, "data", "fetch", NAME, silence=60)
    part = home / "kept/downloads/faces/faces.npz.part"
    wait_for(lambda: part.exists() and part.stat().st_size == 40_000, process)
    process.kill()
    process.wait()
    known([published_file([server.put("/faces", whole())])])
    done = invoke("data", "fetch", NAME)
    assert done.returncode == 0
    assert server.ranges("/faces") == [None, "bytes=40000-"]
    assert f"Fetching faces.npz ({SIZE}, of which 40 kB are here already) from {mirror}\n" in done.stderr
    assert not part.exists()


@pytest.mark.slow
def test_ctrl_c_ends_the_fetching_and_keeps_what_has_come(server, alone, home):
    process = alone(server.put("/faces", stalled(server, at=40_000)), "data", "fetch", NAME, silence=60)
    part = home / "kept/downloads/faces/faces.npz.part"
    wait_for(lambda: part.exists() and part.stat().st_size == 40_000, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[1:] == ["Interrupted. What has been fetched is kept; give the same command again to go on."]
    assert part.stat().st_size == 40_000


@pytest.mark.parametrize("link", ["downloads/faces/faces.npz.part", "faces.npz.part", "faces.json.part"])
def test_links_that_lie_in_the_place_of_parts(invoke, faces, link):
    victim, part = put(Path("victim"), b"precious"), Path("kept") / link
    part.parent.mkdir(parents=True)
    part.symlink_to(victim.absolute())
    assert invoke("data", "fetch", NAME).returncode == 0
    assert victim.read_bytes() == b"precious"
    assert not Path("kept/faces.npz").is_symlink()
    assert state_of(invoke, "verify") == ("verified", 0)


def test_a_link_that_is_laid_while_it_is_fetched(invoke, server, known, home):
    """It may come while the server thinks; what is there already has been seen by then."""
    victim, part = put(home / "victim", b"precious"), home / "kept/downloads/faces/faces.npz.part"

    def treacherous(handler):
        part.unlink()
        part.symlink_to(victim)
        whole()(handler)

    known([published_file([server.put("/faces", treacherous)])])
    put(part, CONTENT[:10_000])
    done = invoke("data", "fetch", NAME)
    assert done.returncode == 2
    assert "Cannot keep faces in " in done.stderr
    assert victim.read_bytes() == b"precious"
    assert not part.is_symlink()


def test_killed_between_the_stamp_and_the_archive(invoke, server, faces, monkeypatch):
    """What lies there then is nothing: an archive that came first would pass for somebody's own."""
    moved = []

    def stop_at_the_archive(part, to):
        moved.append(to.name)
        if to.name == "faces.npz" and "downloads" not in to.parts:
            raise KeyboardInterrupt
        return part.rename(to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop_at_the_archive)
        assert invoke("data", "fetch", NAME).returncode == 130
    assert moved == ["faces.npz", "faces.json", "faces.npz"]
    assert state_of(invoke, "verify", NAME) == ("absent", 0)
    assert state_of(invoke, "fetch", NAME) == ("verified", 0)
    assert len(server.asked) == 1


@pytest.mark.parametrize("largest", [50_000, 80_000])
def test_a_disk_that_is_full(invoke, server, known, home, largest):
    """While it is fetched, and while it is converted: two files of 65 and 33 kB become an archive of 98 kB."""
    known(two_files(server))
    with full_at(largest):
        done = invoke("data", "fetch", NAME)
    assert done.returncode == 2
    assert f"Cannot keep faces in '{home}/kept': File too large. Nothing half-written is left there." in done.stderr
    left = {path.name for path in Path("kept").rglob("*") if path.is_file() and path.stat().st_size}
    assert left == (set() if largest < 65_000 else {"train.bin", "test.bin"})  # whole ones, for the next time
    assert invoke("data", "fetch", NAME).returncode == 0


@LINUX
def test_a_folder_that_cannot_be_written(invoke, server, faces, home):
    Path("kept").mkdir(mode=0o555)
    with without_powers():
        done = invoke(*RUN)
        assert done.returncode == 0
        said = f"Cannot write to {home}/kept: Permission denied. faces is fetched without being kept, by every process "
        assert done.stderr.count(said) == 1
        assert "1 run in 1 arm" in done.stdout
        assert names_in("kept") == []
        for words in (("import", put(Path("brought/faces.npz"))), ("fetch", NAME)):
            done = invoke("data", *words)
            assert (done.returncode, done.stdout) == (2, "")
            says = f"actbench: Cannot write to '{home}/kept': Permission denied. Name another folder in "
            assert done.stderr == f"{says}ACTBENCH_DATA_DIR.\n"
        assert len(server.asked) == 1
    assert invoke("data", "fetch", NAME).returncode == 0
    Path("kept").chmod(0o555)
    with without_powers():
        assert "faces" not in invoke(*RUN).stderr
        assert state_of(invoke, "fetch", NAME) == ("verified", 0)
    assert len(server.asked) == 2
