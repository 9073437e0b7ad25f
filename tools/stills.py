"""Draw the figures' still pictures, for where no script runs.

    python tools/stills.py          draw those whose figure has changed

marks.json holds a mark of the module, the style and the first values that each was drawn from; a
test compares it with what they are now. The pictures stand in the outputs of notebooks: after one
has changed, run those that show it.
"""

import hashlib
import io
import json
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, or imported

from mnist_nn.widgets.figure import Figure, module
from tools import figures

STILLS = Path(__file__).resolve().parent.parent / "mnist_nn" / "widgets" / "stills"
MARKS = STILLS / "marks.json"
WIDTH = 736  # pixels, as wide as the text of a page
PAGE = """<!doctype html><html lang="en" data-content_root="./"><meta charset="utf-8">
<title>Still</title><link rel="stylesheet" href="_static/figures/figures.css">
<script src="_static/figures/host.js"></script>
<style>body { margin: 0; font-family: system-ui, sans-serif; } .living { border: 0; }</style>
"""


def mark(figure: Figure) -> str:
    """Return what tells whether a still picture shows the figure as it is."""
    text = module(figure.name) + figure._css + repr((figure.values(), figure.presses))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def marks() -> dict[str, str]:
    """Return the marks of the stored pictures, by the figure's name."""
    return dict(json.loads(MARKS.read_text(encoding="utf-8"))) if MARKS.exists() else {}


def draw(todo: list[Figure], chromium: str) -> None:
    """Draw the figures in a browser, in their first state."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder)
        figures.write(root / "_static" / "figures")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 800}, reduced_motion="reduce")
        for figure in todo:
            path = STILLS / f"{figure.name}.png"
            if not path.exists():
                Image.new("L", (1, 1)).save(path)
            (root / "page.html").write_text(PAGE + figure.html(), encoding="utf-8")
            page.goto((root / "page.html").as_uri())
            page.wait_for_selector(".living[data-alive]")
            for label in figure.presses:
                page.get_by_role("button", name=label).click()
                page.wait_for_timeout(3000)
            page.mouse.move(0, 0)
            page.wait_for_timeout(500)
            shot = Image.open(io.BytesIO(page.locator(".living").screenshot()))
            small = shot.convert("RGB").quantize(128, dither=Image.Dither.NONE)
            small.save(path, optimize=True)
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB", flush=True)
        browser.close()


def main() -> int:
    """Run the command line."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is needed; on Debian: apt-get install chromium", file=sys.stderr)
        return 1
    now = {figure.name: mark(figure) for figure in (kind() for kind in figures.FIGURES)}
    drawn = marks()
    draw([kind() for kind in figures.FIGURES if now[kind.name] != drawn.get(kind.name)], chromium)
    MARKS.write_text(json.dumps(now, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
