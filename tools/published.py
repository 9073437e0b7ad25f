"""Check that the site is whole, before and after it is published, and that it is of this commit.

    python tools/published.py ADDRESS COMMIT

ADDRESS is where the site begins: file:///…/_build/html/ or https://… Needs nothing but Python.
"""

import re
import sys
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urldefrag, urljoin
from urllib.request import urlopen

TOC = Path(__file__).resolve().parent.parent / "_toc.yml"
LINK = re.compile(r'\s(?:href|src)="([^"]+)"')
FIGURE = re.compile(r'\sdata-(?:figure|data)="([^"]+)"')  # what host.js loads for a figure


def get(url: str) -> tuple[int, str]:
    """Return the status and the text at an address; 404 for whatever does not answer."""
    try:
        with urlopen(url, timeout=30) as answer:
            return answer.status or 200, answer.read().decode(errors="replace")
    except HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except (OSError, HTTPException) as error:  # no such file, no connection, half an answer
        return 404, str(error)


def pages() -> list[str]:
    """Return the pages of _toc.yml, as paths in the site."""
    names = re.findall(r"^(?:root| *- file): (\S+)", TOC.read_text(encoding="utf-8"), re.M)
    return [f"{name}.html" for name in names]


def problems(base: str, commit: str) -> list[str]:
    """Return what is wrong, a sentence each: missing pages and files, and those of another commit.

    Parameters
    ----------
    base
        Where the site begins, with a slash at its end.
    commit
        The whole name of the commit that each page must be of.
    """
    found: list[str] = []
    files: dict[str, str] = {}  # and the page that needs it
    texts = {path: get(base + path) for path in [*pages(), "index.html", "404.html", "sitemap.xml"]}
    for path, (status, text) in texts.items():
        if status != 200 or not text.strip():
            found.append(f"{path}: missing")
        elif path in pages():
            if f'<meta name="commit" content="{commit}">' not in text or "</html>" not in text:
                found.append(f"{path}: not of commit {commit}, or cut off")
            if f"/{path}</loc>" not in texts["sitemap.xml"][1]:
                found.append(f"{path}: not in sitemap.xml")
            links = [urljoin(base + path, link) for link in LINK.findall(text)]
            links += [f"{base}_static/figures/{name}.js" for name in FIGURE.findall(text)]
            files |= {urldefrag(link)[0].partition("?")[0]: path for link in links}
    for url, path in sorted(files.items()):
        if url.startswith(base) and url.removeprefix(base) not in texts and get(url)[0] != 200:
            found.append(f"{url.removeprefix(base)}: missing, and {path} needs it")
    if base.startswith("http") and get(f"{base}no/such/page") != (404, texts["404.html"][1]):
        found.append("an address without a page does not show 404.html")
    return found


def main() -> int:
    """Print what is wrong; return 1 if anything is."""
    base, commit = sys.argv[1].rstrip("/") + "/", sys.argv[2]
    found = problems(base, commit)
    print(*found, f"{base}: {len(found)} problems, {len(pages())} pages", sep="\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
