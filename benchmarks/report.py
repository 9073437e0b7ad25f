"""The table and the picture. On its own, draws those of results.json once more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from peers import PEERS

# Okabe and Ito's colours and one shape each: to be told apart without seeing colours.
MARKS = {
    "ours": ("#0072B2", "o"),
    "eager": ("#D55E00", "s"),
    "tuned": ("#D55E00", "x"),
    "compile": ("#E69F00", "^"),
    "jax": ("#009E73", "D"),
    "scan": ("#009E73", "+"),
    "sklearn": ("#CC79A7", "v"),
}
BUSY = 0.1  # of a core, by other programs: more than this is said
UNITS = {"step": (1e6, "µs a step"), "epoch": (1, "s an epoch")}


def table(report: dict[str, Any]) -> str:
    """Return all results as text."""
    machine = report["machine"]
    system = machine["system"].partition("-")[0]
    lines = [f"{machine['cpu']}, {machine['cores']} cores, {system}, {machine['date']}"]
    versions = (f"{name} {v}" for name, v in machine["versions"].items() if v)
    lines += [f"Python {machine['python']}, {', '.join(versions)}"]
    if not machine["pinned"]:
        lines += ["This system does not pin processes to cores: threads are limited by request."]
    if machine["ignored"]:
        lines += [f"Taken from the environment of the peers: {', '.join(machine['ignored'])}."]
    for threads in sorted({r["threads"] for r in report["results"]}):
        rows = [r for r in report["results"] if r["threads"] == threads]
        rate = max(r["sgemm"]["flops"]["median"] for r in rows) / 1e9
        lines += [
            "",
            f"{threads} thread{'s' * (threads > 1)}; sgemm: {rate:.0f} GFLOP/s, {rows[0]['blas']}",
            "Others as multiples of our time: median over the rounds.",
        ]
        for what in UNITS:
            lines += ["", *_aligned([_head(what), *(_cells(r, what) for r in rows)])]
        memory = [
            [_name(r)] + [f"{p['peak_mb']:.0f}" if (p := _peer(r, k)) else "-" for k in PEERS]
            for r in rows
        ]
        lines += ["", *_aligned([["peak MB", *_labels()], *memory])]
    others = max(r["others"] for r in report["results"])
    if others > BUSY:
        lines += ["", f"Not quiet: other programs took up to {others:.0%} of a core. Run it again."]
    lines += [f"Skipped: {PEERS[k].label}: {why}" for k, why in report["skipped"].items()]
    return "\n".join(lines)


def one_line(r: dict[str, Any]) -> str:
    """Return the steps of one row in short."""
    what = r["step"]
    times = {name: p["step"]["ratio"]["median"] for name, p in r["peers"].items()}
    times["ours"] = r["peers"]["ours"]["step"]["seconds"]["median"] * 1e6
    return f"{_name(r)}: {what['of_limit']['median']:.2f} of the limit; " + ", ".join(
        f"{PEERS[name].label} {x:.0f} µs" if name == "ours" else f"{PEERS[name].label} {x:.2f}"
        for name, x in times.items()
    )


def _name(r: dict[str, Any]) -> str:
    full = r["batch"] == 60_000
    return f"{r['row']} {r['activation']}, {'full batch' if full else r['batch']}"


def _labels() -> list[str]:
    return [entry.label for entry in PEERS.values()]


def _peer(r: dict[str, Any], name: str) -> dict[str, Any] | None:
    peer: dict[str, Any] | None = r["peers"].get(name)
    return peer


def _head(what: str) -> list[str]:
    return [UNITS[what][1], "sgemm limit", *_labels()[:1], "of limit", *_labels()[1:]]


def _cells(r: dict[str, Any], what: str) -> list[str]:
    scale = UNITS[what][0]
    seconds = r["peers"]["ours"][what]["seconds"]["median"], r[what]["limit_seconds"]["median"]
    ours, limit = (f"{s * scale:.0f}" if scale > 1 else f"{s:.3f}" for s in seconds)
    others = []
    for name in list(PEERS)[1:]:
        q = p[what]["ratio"] if (p := _peer(r, name)) else None
        others.append(f"{q['median']:.2f}" if q else "-")
    return [_name(r), limit, ours, f"{r[what]['of_limit']['median']:.2f}", *others]


def _aligned(cells: list[list[str]]) -> list[str]:
    """Return one line per row: names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join([name.ljust(widths[0]), *map(str.rjust, numbers, widths[1:])])
        for name, *numbers in cells
    ]


def picture(report: dict[str, Any], path: Path) -> None:
    """Draw how long an epoch takes on one thread, everyone on one line a row."""
    rows = [r for r in report["results"] if r["threads"] == 1]
    plt.style.use("mnist_nn.course")
    plt.rcParams["svg.hashsalt"] = "mnist_nn"  # the same picture from the same numbers
    figure, ax = plt.subplots(figsize=(7, 0.55 * len(rows) + 1.4))
    for y, r in enumerate(rows):
        ax.axhline(y, color="#DDDDDD", linewidth=0.8, zorder=0)
        limit = r["epoch"]["limit_seconds"]["median"]
        label = "limit: the same products at the speed of sgemm" if y == 0 else None
        ax.plot([limit, limit], [y - 0.35, y + 0.35], color="black", linewidth=2, label=label)
        for name, (color, marker) in MARKS.items():
            if peer := _peer(r, name):
                x = peer["epoch"]["seconds"]["median"]
                label = PEERS[name].label if y == 0 else None
                big = 9 if name == "ours" else 6.5
                ax.plot(x, y, marker, color=color, markersize=big, label=label, linestyle="")
    ax.set_yticks(range(len(rows)), [_name(r) for r in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines.left.set_visible(False)
    ax.set_xscale("log")
    ax.set_xticks([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5], minor=False)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter("")
    ax.set_xlabel("seconds for one epoch of 60,000 images, one thread (logarithmic)")
    figure.legend(loc="outside upper center", ncols=3)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    stored = json.loads((here / "results.json").read_text())
    print(table(stored))
    (here / "results.txt").write_text(table(stored) + "\n")
    picture(stored, here / "results.svg")
