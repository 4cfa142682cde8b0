"""One file from its mirrors: every way in which they may fail, over real connections to servers of our own."""

import collections
import dataclasses
import hashlib
import itertools
import os
import time

import pytest
import trustme
from fetched import (
    CONTENT,
    OTHER,
    PATIENCE,
    Server,
    begin,
    cut,
    head,
    in_turn,
    published_file,
    redirect,
    slow,
    stalled,
    status,
    whole,
)

from actbench.datasets.fetching import download as downloads
from actbench.datasets.fetching.download import DownloadError, download
from actbench.datasets.fetching.events import FileFetched, MirrorLeft, MirrorTried, Received, told


@pytest.fixture
def server():
    with Server() as server:
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(downloads, "PATIENCE", PATIENCE)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def get(own_folder):
    """Fetch the file from these mirrors: what was told, by kind."""

    def call(*mirrors, **facts):
        heard = collections.defaultdict(list)
        with told(lambda event: heard[type(event)].append(event)):
            download(published_file(mirrors, **facts), own_folder / "faces.npz")
        assert [path.name for path in own_folder.iterdir()] == ["faces.npz"]
        assert (own_folder / "faces.npz").read_bytes() == CONTENT
        (own_folder / "faces.npz").unlink()
        return heard

    return call


@pytest.fixture
def refused(own_folder):
    """Fail to fetch the file: the reason of each mirror."""

    def call(*mirrors, **facts):
        with pytest.raises(DownloadError) as failure:
            download(published_file(mirrors, **facts), own_folder / "faces.npz")
        assert not (own_folder / "faces.npz").exists()
        assert list(failure.value.reasons) == list(mirrors)
        return list(failure.value.reasons.values())

    return call


def test_a_good_mirror(server, get):
    heard = get(server.put("/a", whole()))
    assert [event.got for event in heard[MirrorTried]] == [0]
    assert heard[Received][-1].got == len(CONTENT)
    assert len(heard[FileFetched]) == 1
    assert server.ranges("/a") == [None]


MD5 = {"sha256": "", "md5": hashlib.md5(CONTENT, usedforsecurity=False).hexdigest().upper()}


@pytest.mark.parametrize("facts", [{"size": 0}, MD5, {"size": 0, **MD5}])
def test_what_its_publishers_did_not_say(server, get, refused, facts):
    get(server.put("/a", whole()), **facts)
    (reason,) = refused(server.put("/b", whole(OTHER)), **facts)
    assert reason.startswith(f"sent another file, {'MD5' if 'md5' in facts else 'SHA-256'} ")


def test_another_file_is_dropped(server, get, refused, own_folder):
    other = server.put("/other", whole(OTHER))
    (reason,) = refused(other)
    assert reason.startswith("sent another file, SHA-256 ")
    assert list(own_folder.iterdir()) == []
    heard = get(other, server.put("/a", whole()))
    assert [event.mirror for event in heard[MirrorLeft]] == [other]
    assert server.ranges("/a") == [None]


def test_what_is_cut_short_is_gone_on_with(server, get):
    get(server.put("/a", cut()))
    assert server.ranges("/a") == [None, "bytes=30000-", "bytes=60000-", "bytes=90000-"]


def test_a_server_that_knows_no_ranges_begins_anew(server, get):
    get(server.put("/a", in_turn(cut(ranges=False), whole(ranges=False))))
    assert server.ranges("/a") == [None, "bytes=30000-"]


def test_a_server_that_always_cuts_without_ranges_is_left(server, refused, get):
    bad = server.put("/bad", cut(ranges=False))
    (reason,) = refused(bad)
    assert reason == "the connection broke off after 30000 bytes"
    get(bad, server.put("/a", whole()))


def test_the_rest_comes_from_another_mirror(server, get):
    get(server.put("/dies", in_turn(cut(), status(500))), server.put("/a", whole()))
    assert server.ranges("/a") == ["bytes=30000-"]


def test_a_half_of_another_file_is_dropped_at_the_end(server, get, own_folder):
    (own_folder / "faces.npz.part").write_bytes(OTHER[:50_000])
    get(server.put("/a", whole()))
    assert server.ranges("/a") == ["bytes=50000-", None]


def test_another_file_is_begun_anew_only_once(server, refused, own_folder):
    (own_folder / "faces.npz.part").write_bytes(OTHER[:50_000])
    (reason,) = refused(server.put("/a", whole(OTHER)))
    assert reason.startswith("sent another file, ")
    assert server.ranges("/a") == ["bytes=50000-", None]


def test_a_part_that_is_too_long_is_dropped(server, get, own_folder):
    (own_folder / "faces.npz.part").write_bytes(CONTENT + b"more")
    get(server.put("/a", whole()))
    assert server.ranges("/a") == [None]


def test_a_part_that_is_all_of_it_asks_nobody(server, get, own_folder):
    (own_folder / "faces.npz.part").write_bytes(CONTENT)
    get(server.put("/a", whole()))
    assert server.ranges("/a") == []


def test_a_range_that_is_refused_or_of_another_file(server, get, own_folder):
    def shifted(handler):
        head(handler, 206, 5, Content_Range="bytes 7-11/12")
        handler.wfile.write(b"12345")

    for path, answer in (("/refused", status(416)), ("/shifted", shifted)):
        (own_folder / "faces.npz.part").write_bytes(CONTENT[:10_000])
        get(server.put(path, in_turn(answer, whole())))
        assert server.ranges(path) == ["bytes=10000-", None]


def test_a_stalled_mirror_is_left_and_what_it_brought_is_kept(server, get, refused):
    stuck = server.put("/stuck", stalled(server))
    get(stuck, server.put("/a", whole()))
    assert server.ranges("/a") == ["bytes=30000-"]


def test_a_stalled_mirror_that_is_the_only_one_is_asked_for_the_rest(server, get, refused):
    get(server.put("/stuck", stalled(server)))
    assert server.ranges("/stuck") == [None, "bytes=30000-", "bytes=60000-", "bytes=90000-"]


def test_a_mirror_that_says_nothing(server, refused):
    (reason,) = refused(server.put("/mute", lambda _: server.released.wait(5)))
    assert reason == "sent nothing for 0.4 s"


def test_a_mirror_that_says_nothing_is_asked_once_where_there_are_others(server, get):
    heard = get(server.put("/mute", lambda _: server.released.wait(5)), server.put("/a", whole()))
    assert [event.reason for event in heard[MirrorLeft]] == ["sent nothing for 0.4 s"]
    assert server.ranges("/mute") == [None]


def test_a_slow_mirror_is_left_for_a_faster_one(server, get):
    sluggish = server.put("/slow", slow(speed=100_000))
    heard = get(sluggish, server.put("/a", whole()))
    (left,) = heard[MirrorLeft]
    assert (left.mirror, left.reason[:6]) == (sluggish, "slow, ")
    assert len(server.ranges("/slow")) == 1
    assert server.ranges("/a")[0].startswith("bytes=")


def test_where_all_are_slow_the_fastest_is_used_to_the_end(server, get):
    slower, faster = (server.put(f"/{speed}", slow(speed=speed)) for speed in (30_000, 150_000))
    last = server.put("/dead", status(404))
    heard = get(slower, faster, last)
    assert [event.mirror for event in heard[MirrorLeft]] == [slower, faster, last]
    assert heard[FileFetched][0].mirror == faster


def test_a_slow_mirror_that_is_the_only_one_is_never_given_up(server, get):
    heard = get(server.put("/slow", slow(speed=150_000)))
    assert heard[MirrorLeft] == []


@pytest.mark.parametrize(("code", "asked"), [(404, 1), (403, 1), (500, 3), (503, 3), (429, 3)])
def test_refusals(server, refused, code, asked):
    (reason,) = refused(server.put("/a", status(code)))
    assert reason.startswith(f"{code} ")
    assert len(server.ranges("/a")) == asked


def test_a_server_that_comes_to_its_senses(server, get):
    get(server.put("/a", in_turn(status(500), status(503), whole())))
    assert len(server.ranges("/a")) == 3


def test_redirects(server, get, refused):
    end = server.put("/end", whole())
    get(server.put("/a", redirect("/b")), server.put("/b", redirect(end)))
    assert [path for path, _ in server.asked] == ["/a", "/b", "/end"]


def test_a_redirect_in_a_circle(server, refused):
    (reason,) = refused(server.put("/a", redirect("/a")))
    assert reason == "leads elsewhere more than 10 times"
    (reason,) = refused(server.put("/b", redirect("file:///etc/passwd")))
    assert "file:" in reason


def test_the_content_of_a_redirect_is_not_read(server, get):
    sent = []

    def endless(handler):
        head(handler, 302, 10**9, Location="/a")
        sent.extend(handler.wfile.write(bytes(2**16)) for _ in range(1_000))

    server.put("/a", whole())
    get(server.put("/endless", endless))
    assert len(sent) < 1_000


def test_more_than_was_promised(server, refused, own_folder):
    def endless(handler):
        head(handler, 200)
        for _ in range(100):
            handler.wfile.write(CONTENT)

    long = CONTENT + b"more"
    assert refused(server.put("/long", whole(long))) == [
        f"announces {len(long)} bytes, where the file has {len(CONTENT)}"
    ]
    assert refused(server.put("/short", whole(b"a web page"))) == [
        f"announces 10 bytes, where the file has {len(CONTENT)}"
    ]
    (reason,) = refused(server.put("/endless", endless))
    assert reason == f"sends more than the {len(CONTENT)} bytes that the file may have"
    assert list(own_folder.iterdir()) == []


def test_more_than_any_file_has(server, refused, own_folder, monkeypatch):
    monkeypatch.setattr(downloads, "MOST_BYTES", 50_000)
    assert refused(server.put("/a", whole()), size=0) == [f"announces {len(CONTENT)} bytes, where it may have 50000"]


def test_a_dead_mirror_is_left_at_once(server, get):
    with Server() as gone:
        dead = gone.put("/a", whole())
    began = time.monotonic()
    heard = get(dead, "http://nowhere.invalid/a", server.put("/a", whole()))
    assert time.monotonic() - began < 5
    assert [event.mirror for event in heard[MirrorLeft]] == [dead, "http://nowhere.invalid/a"]
    assert heard[MirrorLeft][0].reason == "Connection refused"


def test_a_connection_that_is_reset_is_tried_again(server, get, refused):
    get(server.put("/a", in_turn(lambda _: None, whole())))
    (reason,) = refused(server.put("/b", lambda _: None))
    assert reason.startswith("the connection broke off (")
    assert len(server.ranges("/b")) == 3


NONSENSE = {
    "nothing of HTTP": b"220 smtp.example ready\r\n",
    "no end of talking": b"hello " * 10_000 + b"\n",
    "a status that is none": b"HTTP/1.1 abc\r\n\r\n",
    "no head at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
    "a line without end": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabc",
    "chunks that are none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
    "a packing that is none": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nabc",
    "an address that is none": b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
    "a host that is none": b"HTTP/1.1 302 Found\r\nLocation: http://\xff..a/\r\nContent-Length: 0\r\n\r\n",
    "a port that is none": b"HTTP/1.1 302 Found\r\nLocation: http://a:99999999/\r\nContent-Length: 0\r\n\r\n",
    "a host without a name": b"HTTP/1.1 302 Found\r\nLocation: http://a..b/\r\nContent-Length: 0\r\n\r\n",
    "a name that is too long": b"HTTP/1.1 302 Found\r\nLocation: http://"
    + b"a" * 300
    + b"/\r\nContent-Length: 0\r\n\r\n",
    "half an address": b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n",
    "bytes for an address": b"HTTP/1.1 302 Found\r\nLocation: \x1b[31m\xff\r\nContent-Length: 0\r\n\r\n",
    "a length of thousands of digits": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 6_000 + b"\r\n\r\n",
    "no address": b"HTTP/1.1 302 Found\r\nLocation:\r\nContent-Length: 0\r\n\r\n",
    "a part that nobody asked for": b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/3\r\n\r\nabc",
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
def test_a_mirror_that_talks_nonsense(server, get, refused, answer):
    nonsense = server.put("/nonsense", lambda handler: handler.wfile.write(answer))
    (reason,) = refused(nonsense)
    assert 0 < len(reason) <= 201
    assert "\n" not in reason
    get(nonsense, server.put("/a", whole()))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "go on": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "gave no answer within 0.7 s"),
    "a head": (b"HTTP/1.1 200 OK\r\n", b"X", "gave no answer within 0.7 s"),
    "the head of a chunk": (CHUNKED + b"10;", b"x", "sent nothing for 0.25 s"),
    "what follows on the content": (
        CHUNKED + b"%x\r\n" % 30_000 + CONTENT[:30_000] + b"\r\n0\r\n",
        b"X: y\r\n",
        "slow, ",
    ),
}


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(downloads, "PATIENCE", dataclasses.replace(PATIENCE, connect=0.3))


def drops(server, begin, drop):
    """A beginning, and then a drop now and then, until nobody listens any more."""

    def answer(handler):
        handler.wfile.write(begin)
        while not server.released.wait(0.05):
            handler.wfile.write(drop)

    return answer


@pytest.mark.parametrize(("begin", "drop", "reason"), ENDLESS.values(), ids=ENDLESS)
@pytest.mark.usefixtures("hasty")
def test_a_mirror_that_never_comes_to_the_point(server, get, begin, drop, reason):
    heard = get(server.put("/endless", drops(server, begin, drop)), server.put("/a", whole()))
    (left,) = heard[MirrorLeft]
    assert left.reason.startswith(reason)
    assert server.ranges("/endless") == [None]


@pytest.mark.slow
@pytest.mark.usefixtures("hasty")
def test_nor_under_an_encryption(server, get, own_folder, monkeypatch):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(own_folder.parent / "authority.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own_folder.parent / "authority.pem"))
    with Server(authority.issue_cert("127.0.0.1")) as secure:
        for begin, drop, reason in ENDLESS.values():
            (left,) = get(secure.put("/", drops(secure, begin, drop)), server.put("/a", whole()))[MirrorLeft]
            assert left.reason.startswith(reason)


def test_a_mirror_that_brings_now_more_and_now_less(server, refused):
    turns = itertools.cycle([cut(at=20_000, ranges=False), cut(at=10_000, ranges=False)])
    (reason,) = refused(server.put("/a", lambda handler: next(turns)(handler)))
    assert reason.startswith("the connection broke off after ")
    assert len(server.ranges("/a")) == 4


def test_no_mirror_at_all(refused):
    assert refused() == []


def test_certificates(server, get, refused, own_folder, monkeypatch):
    authority = trustme.CA()
    with Server(authority.issue_cert("127.0.0.1")) as secure:
        good = secure.put("/a", whole())
        (reason,) = refused(good)
        assert reason.startswith("its certificate is not trusted (")
        bundle = own_folder.parent / "authority.pem"
        authority.cert_pem.write_to_path(str(bundle))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        get(good)
        plain = server.put("/a", whole())
        (reason,) = refused(secure.put("/down", redirect(plain)))
        assert reason == f"leads from https to {plain}, which is not followed"
        assert server.asked == []
        get(server.put("/up", redirect(good)))


def test_a_proxy_is_asked_where_one_is_named(server, get, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("http_proxy", server.put("", whole()))
    server.put("http://nowhere.invalid/a", whole())
    get("http://nowhere.invalid/a")
    assert server.ranges("http://nowhere.invalid/a") == [None]


def test_a_disk_that_is_full_leaves_nothing(server, own_folder, monkeypatch):
    real = downloads.tell

    def full(event):
        if isinstance(event, Received) and event.got > 20_000:
            raise OSError(28, os.strerror(28))
        real(event)

    monkeypatch.setattr(downloads, "tell", full)
    with pytest.raises(OSError, match="No space left"):
        download(published_file([server.put("/a", whole())]), own_folder / "faces.npz")
    assert list(own_folder.iterdir()) == []


def test_a_tag_that_has_changed_brings_the_whole_anew(server, get):
    tags = []

    def tagged(handler):
        tags.append(handler.headers.get("If-Range"))
        handler.wfile.write(begin(handler, CONTENT, ranges=False))

    get(server.put("/a", in_turn(cut(), tagged)))
    assert tags == ['"one"']
