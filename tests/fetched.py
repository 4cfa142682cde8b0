"""A small published data set and a server that has it, well or badly. As a program: actbench that knows such a set.

``python fetched.py FACTS WORDS…`` is ``actbench WORDS…`` with the data set that the JSON file FACTS describes.
"""

import contextlib
import ctypes
import dataclasses
import functools
import hashlib
import http.server
import io
import json
import resource
import ssl
import sys
import threading
import time
from pathlib import Path

import numpy as np

from actbench.datasets import DATASETS
from actbench.datasets._arrays import NAMES
from actbench.datasets.fetching import download
from actbench.datasets.published import published
from actbench.datasets.published.files import PUBLISHED, Container, PublishedFile

NAME = "faces"
PATIENCE = download.Patience(connect=2, silence=0.4, floor=400_000, window=0.25, attempts=3, pause=0.01)


def content_of(seed=0):
    """The bytes of a published archive of about 100 kB, which no compression makes smaller."""
    stream = np.random.RandomState(seed)
    arrays = {}
    for part, size in (("train", 200), ("test", 100)):
        arrays[f"x_{part}"] = stream.randint(0, 256, (size, 18, 18)).astype("uint8")
        arrays[f"y_{part}"] = (np.arange(size) % 4).astype("uint8")
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


CONTENT = content_of()
OTHER = content_of(seed=1)


def decode(paths):
    """The arrays of an archive, as one would read it without our program; two files hold a part each."""
    found = {}
    for path in paths:
        try:
            with np.load(path) as file:
                found |= {key: file[key] for key in file.files}
        except Exception as error:
            raise ValueError(f"{path.name}: {error}") from error
    if set(found) != set(NAMES):
        raise ValueError("not all of it is there")
    return found


def published_file(mirrors, content=CONTENT, name="faces.npz", **facts):
    """What its publishers say of a file."""
    known = {
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "kept_as": ("keras:faces-1/faces.npz",),
    }
    return PublishedFile(name=name, mirrors=tuple(mirrors), **known | facts)


def register(*containers, name=NAME):
    """Declare a data set of these containers, each a list of files, as its module would; what is known of it."""

    def declaration():
        """Pictures of nobody."""
        return tuple(Container(tuple(files), decode) for files in containers)

    declaration.__name__ = name
    published(source="Nobody 2026", home="-", licence="free for all", epochs=1, model="mlp(5)")(declaration)
    return PUBLISHED[name]


def forget(name=NAME):
    """Take it out again."""
    PUBLISHED.remove(name)
    DATASETS.remove(name)


class Server:
    """Serves paths, each by a function of the handler; keeps what was asked. A context."""

    def __init__(self, certificate=None):
        self.paths = {}
        self.asked = []
        self.released = threading.Event()
        served = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                served.asked.append((self.path, self.headers.get("Range")))
                self.close_connection = True
                try:
                    served.paths[self.path](self)
                except (BrokenPipeError, ConnectionResetError):
                    return

            def log_message(self, *_):
                """Say nothing."""

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
            self.scheme = "https"

    def __enter__(self):
        threading.Thread(target=functools.partial(self.http.serve_forever, 0.02), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()

    def put(self, path, answer):
        """Serve a path; returns its address."""
        self.paths[path] = answer
        return f"{self.scheme}://127.0.0.1:{self.http.server_port}{path}"

    def ranges(self, path):
        """The ranges that were asked for, one a request."""
        return [range_ for asked, range_ in self.asked if asked == path]


def head(handler, status, length=None, **headers):
    handler.send_response(status)
    handler.send_header("Connection", "close")
    if length is not None:
        handler.send_header("Content-Length", str(length))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def begin(handler, content, *, ranges=True):
    """The head of an answer, and what is left to send after it."""
    asked = handler.headers.get("Range")
    if ranges and asked:
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        head(handler, 206, len(content) - start, Content_Range=span, ETag='"one"')
        return content[start:]
    head(handler, 200, len(content), ETag='"one"')
    return content


def whole(content=CONTENT, *, ranges=True):
    """All that was asked for."""
    return lambda handler: handler.wfile.write(begin(handler, content, ranges=ranges))


def cut(content=CONTENT, at=30_000, **how):
    """So many bytes, then the end of the connection."""
    return lambda handler: handler.wfile.write(begin(handler, content, **how)[:at])


def stalled(server, content=CONTENT, at=30_000):
    """So many bytes, then nothing, until the server ends."""

    def answer(handler):
        handler.wfile.write(begin(handler, content)[:at])
        server.released.wait(20)

    return answer


def slow(content=CONTENT, speed=100_000, step=2_000):
    """So many bytes a second."""

    def answer(handler):
        rest = begin(handler, content)
        for start in range(0, len(rest), step):
            handler.wfile.write(rest[start : start + step])
            time.sleep(step / speed)

    return answer


def status(code):
    return lambda handler: head(handler, code, 0)


def redirect(target):
    return lambda handler: head(handler, 302, 0, Location=target)


def in_turn(*answers):
    """One answer after the other; the last one stays."""
    left = list(answers)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


def write_facts(path, *files, **facts):
    """What a process of its own is to know of the data set."""
    path.write_text(json.dumps({"files": [dataclasses.asdict(file) for file in files], **facts}), encoding="utf-8")
    return path


@contextlib.contextmanager
def without_powers():
    """Inside the block, permissions hold for this thread even where it is root's (Linux)."""
    libc = ctypes.CDLL(None)
    version, before = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(version, before) == 0
    none = (ctypes.c_uint32 * 6)(0, *before[1:3], 0, *before[4:])
    assert libc.capset(version, none) == 0
    try:
        yield
    finally:
        assert libc.capset(version, before) == 0


@contextlib.contextmanager
def full_at(largest):
    """Inside the block, no file may grow beyond so many bytes: what a full disk looks like."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def main():
    facts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    download.PATIENCE = dataclasses.replace(PATIENCE, **facts.get("patience", {}))
    files = [
        {key: tuple(value) if isinstance(value, list) else value for key, value in one.items()}
        for one in facts["files"]
    ]
    register([PublishedFile(**one) for one in files])
    sys.argv = ["actbench", *sys.argv[2:]]
    from actbench.cli import main as program

    program()


if __name__ == "__main__":
    main()
