"""What machine and which versions a result comes from."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

__version__ = "0.1.0"

LINUX = sys.platform == "linux"


@functools.cache
def versions() -> dict[str, str]:
    """Versions of everything but the backend; read from package metadata, so nothing heavy is imported."""
    return {
        "actbench_version": __version__,
        "keras_version": version_of("keras"),
        "python_version": platform.python_version(),
        "git_commit": git_commit(),
    }


def version_of(distribution: str) -> str:
    """The installed version of a distribution, or an empty text where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def git_commit() -> str:
    """The commit of the checkout that actbench runs from, with ``+`` where it has been edited; empty when installed."""
    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return ""
    git = ["git", "-C", str(root)]
    try:
        commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
        edited = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit.stdout.strip() + ("+" if edited.stdout.strip() else "")


@functools.cache
def cpu_name() -> str:
    """The processor as its maker names it."""
    if LINUX:
        with contextlib.suppress(OSError):
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def hardware() -> dict[str, object]:
    """The machine, for the manifest: processor, cores this process may use, memory, system."""
    return {
        "cpu": cpu_name(),
        "cores": usable_cores(),
        "memory_gib": round(total_memory_mib() / 2**10, 1),
        "system": platform.platform(),
    }


def information(libraries: Mapping[str, str]) -> dict[str, str]:
    """What a report of a problem should contain: versions, machine, and where data is looked for.

    Args:
        libraries: versions of further libraries, empty for those that are not installed.
    """
    machine = hardware()
    others = ("numpy", "pandas", "scipy", "scikit-learn", "spocu", "tfa-nightly", "ray")
    return {
        **{name.removesuffix("_version"): value or "-" for name, value in versions().items()},
        **{name: version or "not installed" for name, version in libraries.items()},
        **{name: version_of(name) or "not installed" for name in others},
        **{name: str(value) for name, value in machine.items()},
        "ACTBENCH_DATA_DIR": os.environ.get("ACTBENCH_DATA_DIR", "not set"),
        "Keras data cache": str(Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"),
    }


def usable_cores() -> int:
    """Cores that this process may use, which a container or ``taskset`` can make fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if LINUX else (os.cpu_count() or 1)


def gpu_possible() -> bool:
    """Whether a GPU might be there: False only where it is certain that no library would find one."""
    return not LINUX or any(Path(f"/dev/{name}").exists() for name in ("nvidia0", "nvidiactl", "kfd", "dxg"))


TICK_SECONDS = 0.1
NOTICED_SECONDS = 1.0


class _Pulse:
    """A thread that wakes every tick: where it did not, and a SIGCONT has come since, the process was stopped.

    Being late alone proves nothing: a process that others starve, or that reads its libraries from a slow disk, is late
    too, and that is its own time. Nobody stopped it where nobody let it go on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._late = 0.0
        self._suspended = 0.0
        self._continued = False
        self._last = time.perf_counter()
        # Only the main thread may ask for signals, and not every system has this one.
        if hasattr(signal, "SIGCONT") and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCONT, self._go_on)
        threading.Thread(target=self._beat, name="actbench-pulse", daemon=True).start()

    def suspended(self) -> float:
        """Seconds up to now."""
        with self._lock:
            self._look()
            if self._continued:
                self._suspended += self._late
            # In the main thread a signal that has come is handled by now: what was late without one was no stop.
            if self._continued or threading.current_thread() is threading.main_thread():
                self._late, self._continued = 0.0, False
            return self._suspended

    def _go_on(self, *_: object) -> None:
        self._continued = True

    def _look(self) -> None:
        now = time.perf_counter()
        gap = now - self._last - TICK_SECONDS
        if gap > NOTICED_SECONDS:
            self._late += gap
        self._last = now

    def _beat(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            with self._lock:
                self._look()


_pulse = functools.cache(_Pulse)


def suspended_seconds() -> float:
    """How long this process was stopped (Ctrl-Z, SIGSTOP) since the first call, if for over a second.

    To be called by the main thread. A container that was frozen gets no signal, and is not noticed.
    """
    return _pulse().suspended()


def running_seconds() -> float:
    """A clock that stands still while the process is stopped; only differences mean something."""
    return time.perf_counter() - suspended_seconds()


class CpuWatch:
    """How much of the machine others used, from now on."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), _seconds_of_others()

    def others(self) -> float | None:
        """Cores that other processes kept busy, on average; None before a tenth of a second has passed.

        All of the machine counts, also what a hypervisor gave to its other guests; in a container, its neighbours too.
        """
        elapsed = time.perf_counter() - self._began[0]
        if elapsed < TICK_SECONDS:
            return None
        return max(0.0, round((_seconds_of_others() - self._began[1]) / elapsed, 2))


def _seconds_of_others() -> float:
    """Processor seconds of the whole machine since it started, without those of this process."""
    import psutil

    times = psutil.cpu_times()
    idle = ("idle", "iowait", "guest", "guest_nice")  # a guest's time is counted as its host's, too
    busy = float(sum(getattr(times, name) for name in times._fields if name not in idle))
    return busy - time.process_time()


def total_memory_mib() -> float:
    """The machine's memory, in MiB."""
    import psutil

    return float(psutil.virtual_memory().total) / 2**20


def memory_mib(pid: int | None = None) -> float:
    """The resident size of a process (None: this one), in MiB; 0 where it has ended."""
    import psutil

    try:
        return float(psutil.Process(pid).memory_info().rss) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


def reset_peak_memory() -> None:
    """Start a new measurement of ``peak_memory_mib``, where the system can (Linux)."""
    if LINUX:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory_mib() -> float:
    """The largest resident size of this process, in MiB; since the last reset on Linux, else since its start."""
    if LINUX:
        with contextlib.suppress(OSError):
            for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    import psutil

    info = psutil.Process().memory_info()
    return float(getattr(info, "peak_wset", info.rss)) / 2**20
