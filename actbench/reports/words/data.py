"""What is told of data that is looked for, fetched, and kept, in sentences."""

from __future__ import annotations

from actbench.datasets.fetching.events import (
    DataKept,
    FetchEvent,
    FileFetched,
    FoundFile,
    LocalData,
    MirrorLeft,
    MirrorTried,
    NotKept,
    OtherFile,
    Waiting,
)
from actbench.datasets.fetching.importing import Imported
from actbench.reports.words.numbers import NOTHING


def size(count: int) -> str:
    """A number of bytes in the unit that suits it; 0 is one that nobody published."""
    if not count:
        return NOTHING
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= step:
            return f"{count / step:.3g} {unit}"
    return f"{count} B"


def fetching(event: FetchEvent) -> str:  # noqa: PLR0911 - one for each kind
    """An event as a line; empty for what only moves a bar."""
    match event:
        case LocalData(name, path):
            return f"{name} is {path} as it lies there: local data, not the published file."
        case FoundFile(file, path):
            return f"{file.name} lies intact at {path}, and is read there."
        case OtherFile(file, path):
            return f"{path} is not {file.name} as it was published, and is left alone."
        case Waiting(name):
            return f"Another process is fetching {name}: waiting for it."
        case NotKept(name, folder, reason):
            return (
                f"Cannot write to {folder}: {reason}. {name} is fetched without being kept, by every process anew; "
                "name another folder in ACTBENCH_DATA_DIR to keep it."
            )
        case MirrorTried(file, mirror, got):
            rest = f", of which {size(got)} are here already" if got else ""
            return f"Fetching {file.name} ({size(file.size)}{rest}) from {mirror}"
        case MirrorLeft(_, mirror, reason):
            return f"Left {mirror}: {reason}."
        case FileFetched(file, mirror):
            return f"Fetched {file.name} from {mirror}"
        case DataKept(name, path):
            return f"{name} is verified, and kept as {path}"
        case _:
            return ""


def imported(done: Imported) -> str:
    """What became of files that somebody brought."""
    if not done.missing:
        return f"{done.name} is verified and here."
    brought, missing = (", ".join(file.name for file in files) for files in (done.files, done.missing))
    return f"{done.name}: {brought} taken; to be complete it still needs {missing}."
