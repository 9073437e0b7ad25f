"""Prints what the browser tests count, over all pages: ``make site-report``."""

import statistics
import sys
from collections import Counter

from tests.browser.visit import CHROMIUM, Reader, chromium, pages
from tools.server import content, file_at, served

KINDS = ["another host", "axe", "dead link", "mathematics", "sideways", "page error"]


def weight(addresses: set[str]) -> float:
    """Return the kB of a page and of all that it loads, compressed, without data of figures."""
    files = {file_at(address) for address in addresses if "/figures/data/" not in address}
    return sum(len(content(file, True)[0]) for file in files if file) / 1000


def main() -> None:
    names, counts, weights = pages(), Counter[str](), {}
    if CHROMIUM is None or not names:
        sys.exit("This needs Chromium, and the built book (make book).")
    with served() as base, chromium() as browser:
        for theme in ("light", "dark"):
            reader = Reader(browser, base, theme, 390)
            for name in names:
                for fault in reader.inspect(name):
                    counts[fault.partition(":")[0]] += 1
                    print(f"{name} ({theme}): {fault[:300]}")
                weights[name] = weight(reader.loaded)
    print(f"{len(names)} pages, in light and dark, 390 and 1280 pixels wide:")
    for kind in dict.fromkeys([*KINDS, *counts]):
        print(f"  {kind:16}{counts[kind]:6}")
    middle = statistics.median(weights.values())
    print(f"Compressed, with all that it loads, a page has {middle:.0f} kB (median). The heaviest:")
    for name in sorted(names, key=weights.__getitem__, reverse=True)[:5]:
        print(f"  {name:44}{weights[name]:6.0f} kB")
    sys.exit(bool(counts.total()))


if __name__ == "__main__":
    main()
