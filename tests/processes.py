"""Processes of their own, for the tests that kill them or limit what they may use."""

import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
ALONE = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def command(function: Callable[..., Any], *arguments: object) -> list[str]:
    """Return what runs a function of a test file, which must end with `run_named(globals())`."""
    return [sys.executable, function.__code__.co_filename, function.__name__, *map(str, arguments)]


def run_named(names: dict[str, Any]) -> None:
    # A process that is forked from here must not wait for what another one held when it was
    # killed: a lock of tqdm's that processes share. Nor may there be threads, of tqdm or of BLAS.
    tqdm.set_lock(threading.RLock())
    tqdm.monitor_interval = 0
    names[sys.argv[1]](*sys.argv[2:])


def run_alone(function: Callable[..., Any], *arguments: object) -> str:
    """Run a function of a test file in a process of its own; return what it printed."""
    done = subprocess.run(command(function, *arguments), capture_output=True, text=True, env=ALONE)
    assert done.returncode == 0, f"code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run_at_once(*commands: list[str]) -> None:
    """Run several commands at the same time, and see that all succeed."""
    processes = [
        subprocess.Popen(one, stderr=subprocess.PIPE, text=True, env=ALONE) for one in commands
    ]
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors


def fork(work: Callable[[], object]) -> int:
    """Do some work in a copy of this process; return its number. It exits with 0, or says why."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def wait_for(child: int, seconds: float = 120) -> int:
    """Return how a forked process ended; kill it if it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        number, status = os.waitpid(child, os.WNOHANG)
        if number:
            return status
        time.sleep(0.001)
    os.kill(child, 9)
    os.waitpid(child, 0)
    raise AssertionError(f"a forked process did not end within {seconds} s")
