"""Scores of Lighthouse, and weights, for the landing page and three chapters.

The pages come from a server here that compresses, as public hosts do. Lighthouse pretends a slow
telephone on a slow network: it makes this machine four times slower. That suits a machine with a
benchmark index of 1500 or more. Slower and busier ones are slowed down less, so that the telephone
stays about the same; the median of three runs counts. Needs Node, and the network to fetch
Lighthouse the first time.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
from typing import Any

from tools.server import served

VERSION = "12.8.2"  # the last that runs on Node 18 and 20
PAGES = ("index", "chapters/01-handwritten-digits", "chapters/04-softmax", "chapters/08-sgd")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LEAST = 95  # in each category
MOST = 600  # kB for the first load, compressed, without the data of the figures
RUNS = 3
SLOWDOWN, INDEX = 4.0, 1500
FLAGS = "--headless=new --no-sandbox --disable-background-networking --disable-component-update"


def run(address: str, chromium: str, slowdown: float) -> dict[str, Any]:
    """Return what Lighthouse says of a page, on this machine made `slowdown` times slower."""
    command = ["npx", "--yes", f"lighthouse@{VERSION}", address, "--quiet", "--output=json"]
    command += [f"--throttling.cpuSlowdownMultiplier={slowdown:.2f}"]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={FLAGS}"]
    environment = os.environ | {"CHROME_PATH": chromium}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"Lighthouse failed:\n{done.stderr}")
    return json.loads(done.stdout)


def scores(report: dict[str, Any]) -> list[float]:
    """Return the four scores, of 100."""
    return [100 * report["categories"][name]["score"] for name in CATEGORIES]


def weight(report: dict[str, Any]) -> float:
    """Return the kB that came over the network, without the data of the figures."""
    requests = report["audits"]["network-requests"]["details"]["items"]
    return sum(r["transferSize"] for r in requests if "/figures/data/" not in r["url"]) / 1000


def lost(report: dict[str, Any]) -> list[str]:
    """Return the audits that cost points."""
    audits = report["audits"]
    return [
        f"{reference['id']} ({audits[reference['id']].get('displayValue', '')})"
        for name in CATEGORIES
        for reference in report["categories"][name]["auditRefs"]
        if reference["weight"] and (audits[reference["id"]]["score"] or 0) < 0.9
        if audits[reference["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual")
    ]


def main() -> None:
    """Print a table, and fail where a page is below what we promise."""
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None or shutil.which("npx") is None:
        sys.exit("Lighthouse needs Chromium and Node (npx).")
    print(f"{'':32}" + "".join(f"{name:>16}" for name in CATEGORIES) + f"{'kB':>8}")
    failed = False
    with served() as base:
        for page in PAGES:
            reports: list[dict[str, Any]] = []
            slowdown = SLOWDOWN
            for _ in range(RUNS + 1):  # the first tells how fast this machine is now
                reports.append(run(f"{base}book/{page}.html", chromium, slowdown))
                index = reports[-1]["environment"]["benchmarkIndex"]
                slowdown = max(1.0, min(SLOWDOWN, SLOWDOWN * index / INDEX))
            del reports[0]
            found = [statistics.median(of) for of in zip(*map(scores, reports), strict=True)]
            kilobytes = max(map(weight, reports))
            print(f"{page:32}" + "".join(f"{s:16.0f}" for s in found) + f"{kilobytes:8.0f}")
            if min(found) < LEAST or kilobytes > MOST:
                # The first score is a matter of time: a busy CI machine must not fail for it.
                slow_only = min(found[1:]) >= LEAST and kilobytes <= MOST
                failed = failed or not (slow_only and os.environ.get("CI"))
                print(f"  too low, or too heavy: {', '.join(lost(reports[-1]))}")
    if failed:
        sys.exit(f"Each score must be {LEAST} or more, and each page {MOST} kB or less.")


if __name__ == "__main__":
    main()
