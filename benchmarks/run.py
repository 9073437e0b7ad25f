"""Measure mnist_nn side by side with other ways to train the same networks.

    python benchmarks/run.py [--quick] [--rows NAME ...] [--peers NAME ...] [--threads N ...]

Prints a table and writes ``results.json``, ``results.txt`` and ``results.svg`` beside this file; a
part of the rows or peers, or ``--quick``, only prints. It takes a quarter of an hour, and two
minutes with ``--quick``.
Each peer waits in a process of its own; in every round each gets its turn, alone. See README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from peers import PEERS
from report import one_line, picture, table
from workload import IMAGES, ROWS, Row, load, three_steps

HERE = Path(__file__).resolve().parent
QUICK = ["784-512-10", "784-20-10", "784-10-10"]
BLOCK = 0.06  # seconds that a block of steps takes ours, about
PAUSE = 0.03  # seconds until the threads of the last turn have stopped spinning
# Each library chooses kernels and threads for itself, as it does for a reader, but for our limits.
IGNORED = {x for x in os.environ if x.startswith(("OPENBLAS_", "OMP_", "MKL_", "XLA_", "KMP_"))}
VERSIONS = ("numpy", "mnist_nn", "torch", "jax", "jaxlib", "scikit-learn")


class Skipped(Exception):
    """A peer cannot take part, or no longer, and why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


class Worker:
    """One peer that waits in a process of its own."""

    def __init__(self, name: str, row: Row, threads: int, expected: Path) -> None:
        limits = {f"{x}_NUM_THREADS": str(threads) for x in ("OMP", "OPENBLAS", "MKL")}
        if threads == 1:
            limits["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        self.name, self.threads = name, threads
        self.stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115  # lives as long as the process
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py", name, row.name, str(threads), expected],
            env={k: v for k, v in os.environ.items() if k not in IGNORED}
            | limits
            | {"PYTHONPATH": f"{HERE}:{HERE.parent}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
            bufsize=1,
        )

    def ask(self, command: str) -> Any:
        """Give it a turn, and return its answer."""
        assert self.process.stdin
        if self.threads > 1:
            time.sleep(PAUSE)
        with suppress(BrokenPipeError):  # it has ended: there is no answer either
            self.process.stdin.write(command + "\n")
        return self.answer()

    def answer(self) -> Any:
        """Wait for an answer."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line.endswith("\n"):  # the end, maybe amid an answer
            self.stderr.seek(0)
            why = (self.stderr.read().strip() or "it ended").splitlines()[-1][:200]
            raise Skipped(self.name, why)
        return json.loads(line)

    def stop(self) -> None:
        """End the process."""
        assert self.process.stdin
        self.process.kill()
        self.process.wait()
        with suppress(BrokenPipeError):  # a command that nobody has read
            self.process.stdin.close()
        self.stderr.close()


def leave_out(why: Skipped, skipped: dict[str, str]) -> None:
    """Go on without a peer; end where there is nothing to measure without it."""
    if why.name in ("ours", "sgemm"):
        sys.exit(f"{why.name}: {why}")
    skipped[why.name] = str(why)


@contextmanager
def workers(
    names: Sequence[str], row: Row, threads: int, skipped: dict[str, str]
) -> Iterator[tuple[dict[str, Worker], dict[str, Any]]]:
    """Start the peers that can take part; yield them with what they say when they are ready."""
    loss, params = three_steps(row, *load())
    with ExitStack() as stack:
        expected = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "expected.npz"
        np.savez(expected, loss, *params)
        started = {name: Worker(name, row, threads, expected) for name in names}
        for worker in started.values():
            stack.callback(worker.stop)
        ready = {}
        for name, worker in list(started.items()):
            try:
                ready[name] = worker.answer()
            except Skipped as why:
                leave_out(why, skipped)
                del started[name]
        yield started, ready


def measure_row(
    names: Sequence[str],
    row: Row,
    threads: int,
    seconds: dict[str, float],
    skipped: dict[str, str],
) -> dict[str, Any]:
    """Return what :func:`measure` does; if a peer ends meanwhile, measure again without it."""
    while True:
        present = [name for name in names if name not in skipped]
        try:
            return measure(present, row, threads, seconds, skipped)
        except Skipped as why:
            leave_out(why, skipped)
            print(f"again without {why.name} ({why}), ", end="", file=sys.stderr, flush=True)


def measure(
    names: Sequence[str],
    row: Row,
    threads: int,
    seconds: dict[str, float],
    skipped: dict[str, str],
) -> dict[str, Any]:
    """Return all that is measured of one row: medians and ratios with quartiles."""
    with workers([*names, "sgemm"], row, threads, skipped) as (everyone, ready):
        sgemm = everyone.pop("sgemm")
        # A first epoch, not counted: compilers compile, and memory reaches its peak.
        first = {name: worker.ask(f"train {IMAGES}") for name, worker in everyone.items()}
        memory = {name: worker.ask("memory") for name, worker in everyone.items()}
        pace = first["ours"] / row.steps(IMAGES)
        block = min(max(5, round(BLOCK / pace)), IMAGES // row.batch) * row.batch
        for worker in everyone.values():
            worker.ask(f"train {block}")

        images = {"step": block, "epoch": IMAGES}
        if row.full_batch:  # its one step is its epoch
            del images["step"]
        times: dict[str, dict[str, list[Any]]] = {}
        before = time.monotonic(), busy_seconds(everyone | {"sgemm": sgemm})
        for what, n in images.items():
            times[what] = defaultdict(list)
            end = time.monotonic() + seconds[what]
            least = 3 if seconds[what] else 1
            while len(times[what]["limit"]) < least or time.monotonic() < end:
                turn = len(times[what]["limit"]) % len(everyone)  # nobody is always first
                for name in (list(everyone) * 2)[turn : turn + len(everyone)]:
                    times[what][name].append(everyone[name].ask(f"train {n}"))
                rates = sgemm.ask("sgemm")
                times[what]["limit"].append(rates)
        after = time.monotonic(), busy_seconds(everyone | {"sgemm": sgemm})

    everything = [rates for each in times.values() for rates in each["limit"]]
    best = max(everything[0], key=lambda n: float(np.median([rates[n] for rates in everything])))
    result: dict[str, Any] = {
        "row": row.name,
        "activation": row.activation,
        "batch": row.batch,
        "threads": threads,
        "rounds": {what: len(each["limit"]) for what, each in times.items()},
        "sgemm": {"size": int(best), "flops": quartiles([x[best] for x in everything])},
        "others": (after[1] - before[1]) / (after[0] - before[0]),  # cores that others kept busy
        "blas": ready["sgemm"]["blas"],
        "peers": {
            name: {"disagreement": ready[name]["disagreement"], "peak_mb": memory[name]}
            for name in everyone
        },
    }
    for what, n in images.items():
        each = {name: np.array(times[what][name]) for name in everyone}
        limit = row.flops(n) / np.array([rates[best] for rates in times[what]["limit"]])
        # The block of steps becomes one step; an epoch stays as it is.
        per = row.steps(n) if what == "step" else 1
        result[what] = {
            "limit_seconds": quartiles(limit / per),
            "of_limit": quartiles(limit / each["ours"]),
        }
        for name, t in each.items():
            result["peers"][name][what] = {
                "seconds": quartiles(t / per),
                "ratio": quartiles(t / each["ours"]),  # round by round
            }
    if row.full_batch:
        result["step"] = result["epoch"]
        for peer in result["peers"].values():
            peer["step"] = peer["epoch"]
    return result


def busy_seconds(workers: dict[str, Worker]) -> float:
    """Return the processor time that all other programs have taken so far; 0 where not known."""
    if not Path("/proc/stat").exists():
        return 0.0
    ticks = os.sysconf("SC_CLK_TCK")
    user, nice, system = map(int, Path("/proc/stat").read_text().split()[1:4])
    own = 0
    for worker in workers.values():
        stat = Path(f"/proc/{worker.process.pid}/stat").read_text().rpartition(")")[2].split()
        own += int(stat[11]) + int(stat[12])  # user and system time, threads included
    return (user + nice + system - own) / ticks


def quartiles(values: Any) -> dict[str, float]:
    """Return the median and the quartiles around it."""
    q1, median, q3 = np.percentile(values, (25, 50, 75))
    return {"median": float(median), "q1": float(q1), "q3": float(q3)}


def machine() -> dict[str, Any]:
    """Return what was measured on."""
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((x.split(": ")[1] for x in lines if x.startswith("model name")), model)
    elif sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        model = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "pinned": hasattr(os, "sched_setaffinity"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: installed(name) for name in VERSIONS},
        "ignored": {name: os.environ[name] for name in sorted(IGNORED)},
        "date": date.today().isoformat(),
    }


def installed(name: str) -> str | None:
    """Return the version of a distribution, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one thread, three rows, few rounds")
    parser.add_argument("--rows", nargs="+", choices=ROWS, metavar="ROW")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER")
    parser.add_argument("--threads", nargs="+", type=int, choices=(1, 2), default=None)
    options = parser.parse_args()
    rows = options.rows or (QUICK if options.quick else list(ROWS))
    names = ["ours"] + [name for name in options.peers if name != "ours"]
    threads = options.threads or ([1] if options.quick else [1, 2])
    seconds = {"step": 1.0, "epoch": 0.0} if options.quick else {"step": 8.0, "epoch": 12.0}

    skipped = {}
    for name in list(names):
        missing = [x for x in PEERS[name].requires if installed(x) is None]
        if missing:
            skipped[name] = f"{' and '.join(missing)} not installed"
            names.remove(name)
    if hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) < max(threads):
        sys.exit(f"{max(threads)} threads need as many cores; say --threads 1")

    results = []
    for count in threads:
        for row in rows:
            print(f"{count} thread{'s' * (count > 1)}, ", end="", file=sys.stderr, flush=True)
            results.append(measure_row(names, ROWS[row], count, seconds, skipped))
            print(one_line(results[-1]), file=sys.stderr, flush=True)
    report = {"machine": machine(), "skipped": skipped, "results": results}
    print(table(report))
    whole = set(rows) == set(ROWS) and set(options.peers) == set(PEERS)
    if whole and threads == [1, 2] and not options.quick:
        (HERE / "results.json").write_text(json.dumps(report, indent=1) + "\n")
        (HERE / "results.txt").write_text(table(report) + "\n")
        picture(report, HERE / "results.svg")


if __name__ == "__main__":
    main()
