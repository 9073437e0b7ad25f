"""One peer in a process of its own, which waits between its turns and answers in JSON lines.

    python worker.py PEER ROW THREADS EXPECTED.npz

It is started by ``run.py``. Commands come line by line: ``train N`` trains on N images and answers
with the seconds it took; ``sgemm`` measures matrix products; ``memory`` answers with the peak, in
MB. The end of the input ends the process.
"""

import json
import os
import sys

THREADS = int(sys.argv[3])
if hasattr(os, "sched_setaffinity"):  # before any library counts the cores
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-THREADS:])

import mnist_nn  # noqa: E402, F401, I001  # before NumPy, in case it chooses the BLAS kernels
import resource  # noqa: E402
from collections.abc import Callable  # noqa: E402
from importlib import import_module  # noqa: E402
from pathlib import Path  # noqa: E402
from time import perf_counter, process_time  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
from peers import PEERS  # noqa: E402
from threadpoolctl import threadpool_info  # noqa: E402
from workload import ROWS, Row, load  # noqa: E402

# On one core, the time of the process is the time that passes, but for what other programs take.
CLOCK = process_time if THREADS == 1 and hasattr(os, "sched_setaffinity") else perf_counter
SQUARES = (1024, 1536, 2048)
# Of the way that the weights go in three steps. Rounding makes 1e-6 to 1e-5 of it, and one ReLU of
# a million that falls to the other side of zero 3e-4; a wrong factor anywhere makes 1e-1.
AGREE = 1e-3


def main() -> None:
    """Answer until there are no more commands."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is not an answer
    name, row = sys.argv[1], ROWS[sys.argv[2]]
    peer: Any = None
    if name == "sgemm":
        ready: dict[str, Any] = {"blas": blas()}
    else:
        peer, ready = start(name, row)
    answers.write(json.dumps(ready) + "\n")
    for line in sys.stdin:
        command, *rest = line.split()
        answer: Any
        if command == "train":
            answer = seconds(peer.train, int(rest[0]), not row.full_batch)
        elif command == "sgemm":
            answer = sgemm()
        else:
            answer = peak_memory()
        answers.write(json.dumps(answer) + "\n")


def blas() -> str:
    """Name NumPy's BLAS and the processor that its kernels are for."""
    found = [x for x in threadpool_info() if x["user_api"] == "blas"]
    return ", ".join(
        f"{x['internal_api']} {x['version']} {x.get('architecture', '')}".strip() for x in found
    )


def start(name: str, row: Row) -> tuple[Any, dict[str, Any]]:
    """Return a peer that is known to compute the right thing, and by how much it disagrees."""
    try:
        module = import_module(f"peers.{PEERS[name].module}")
    except ImportError as error:
        sys.exit(f"{name}: {error}")
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(THREADS)
    peer = module.Peer(row, *load())
    if row.full_batch:
        loss = np.mean([peer.train(row.batch, False) for _ in range(3)])
    else:
        loss = peer.train(3 * row.batch, False)
    with np.load(sys.argv[4]) as arrays:
        right_loss, *right = arrays.values()
    far = max(abs(loss / right_loss - 1), disagreement(peer.weights(), row.weights, right))
    if not far < AGREE:
        sys.exit(f"{name} on {row.name}: three steps differ by {far:.1e} of the way")
    return peer, {"disagreement": float(far)}


def disagreement(got: list[Any], first: list[Any], right: list[Any]) -> float:
    """Return how far the weights are from the right ones, as a part of how far they have gone."""
    parts = zip(got, first, right, strict=True)
    return max(float(np.linalg.norm(g - r) / np.linalg.norm(f - r)) for g, f, r in parts)


def seconds(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> float:
    """Return how long a call takes."""
    begin = CLOCK()
    function(*arguments, **keywords)
    return CLOCK() - begin


def sgemm() -> dict[int, float]:
    """Return NumPy's floating-point operations per second for square float32 products."""
    rates = {}
    for n in SQUARES:
        # Random numbers: with ones, a processor draws less power and runs faster than it ever will.
        A, B, out = np.random.default_rng(0).standard_normal((3, n, n), np.float32)
        rates[n] = 2 * n**3 / min(seconds(np.matmul, A, B, out=out) for _ in range(3))
    return rates


def peak_memory() -> float:
    """Return the peak resident memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's getrusage also counts the parent from before this program began
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # in bytes on macOS


if __name__ == "__main__":
    main()
