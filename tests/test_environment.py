"""Clocks: what counts as stopped, and what only as slow."""

import signal
import subprocess
import sys

import pytest

LATE = """
import ctypes, os, signal, subprocess, sys
from actbench import environment

before = environment.suspended_seconds()
if sys.argv[1] == "stopped":
    subprocess.Popen(["sh", "-c", f"sleep 2; kill -CONT {os.getpid()}"])
    os.kill(os.getpid(), signal.SIGSTOP)
else:
    ctypes.PyDLL(None).usleep(2_000_000)  # holds every other thread up, and computes nothing
print(environment.suspended_seconds() - before)
print(environment.suspended_seconds() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGCONT"), reason="needs a system that stops processes")
@pytest.mark.parametrize("why", ["stopped", "slow"])
def test_a_process_that_was_stopped_is_told_from_one_that_was_slow(why):
    done = subprocess.run([sys.executable, "-c", LATE, why], capture_output=True, text=True, check=True)
    first, again = map(float, done.stdout.split())
    assert first == again
    assert (1.5 < first < 30) if why == "stopped" else first == 0
