"""Execute the book's notebooks in clean kernels and store them in one normal form.

    python tools/notebooks.py [PATH ...]           execute, normalise, write back
    python tools/notebooks.py --check [PATH ...]   only say what is not in normal form

Without a PATH: every notebook under ``book/``. A notebook is written only if all its cells ran
and no output holds an error, a warning or something that belongs to one machine. Only the
metadata in ``KEPT_METADATA`` and ``KEPT_CELL_METADATA`` survives, so that an editor's traces
never reach a diff.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

BOOK = Path(__file__).resolve().parent.parent / "book"

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"}
KEPT_METADATA = {"mystnb"}
KEPT_CELL_METADATA = {"mystnb", "tags"}
# A widget needs a kernel, and its id is drawn anew in every run: it is not stored. A figure of
# mnist_nn.widgets keeps its HTML, which needs none; a control is left out.
WIDGET = "application/vnd.jupyter.widget-view+json"

# What only one notebook needs, and not all who build the book have: its stored outputs then stay.
NEEDS = {"14-pytorch.ipynb": ("torch", "PyTorch is not installed (pip install torch==2.13.0)")}

# One BLAS thread and one hash seed: sums and sets come out the same on every run.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
SECONDS_PER_CELL = 600

REFUSED = {
    "a path of this machine": re.compile(
        r"(?<![\w.<])/(?:home|root|Users|Library|tmp|var|work|mnt|opt|usr|private)/[\w.]"
        r"|\b[A-Z]:\\"
        r"|site-packages|dist-packages|ipykernel_\d|<ipython-input"
    ),
    "a memory address": re.compile(r"\b0x[0-9a-fA-F]{6,}"),
    "a warning": re.compile(r"\b[A-Z]\w*Warning:"),
}


def normalise(nb: nbformat.NotebookNode) -> None:
    """Bring `nb` into normal form, in place. Sources and results are not touched."""
    kept = {key: nb.metadata[key] for key in KEPT_METADATA & nb.metadata.keys()}
    nb.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE} | kept)
    nb.nbformat, nb.nbformat_minor = 4, 5

    seen: Counter[str] = Counter()
    for cell in nb.cells:
        # The id follows from the source: writing a chapter anew does not rename its cells.
        name = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[name] += 1
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"
        for key in cell.metadata.keys() - KEPT_CELL_METADATA:
            del cell.metadata[key]
        if cell.cell_type == "code":
            for output in cell.outputs:
                if "text/html" in output.get("data", {}):
                    output.data.pop(WIDGET, None)
            shown = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
            cell.outputs = list(_merged_streams(shown))


def _merged_streams(outputs: list[Any]) -> Iterator[Any]:
    """Yield `outputs` with neighbours of the same stream joined: where they break is chance."""
    last = None
    for output in outputs:
        if last and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
            continue
        if last:
            yield last
        last = output
    if last:
        yield last


def problems(nb: nbformat.NotebookNode) -> list[str]:
    """List, one sentence each, the reasons why the outputs of `nb` may not be stored."""
    found = []
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    for n, cell in enumerate(code, start=1):
        where = f"code cell {n} ({_first_line(cell.source)})"
        if not cell.source.strip():
            found.append(f"{where} is empty: delete it")
        elif cell.execution_count != n:
            found.append(f"{where} has execution count {cell.execution_count}, not {n}")
        if cell.source.rstrip().endswith(";"):
            found.append(f"{where} ends in `;`, which nbval does not obey: end it in plt.show()")
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"{where} ends in {output.ename}: {output.evalue}")
            elif output.output_type == "stream" and output.name == "stderr":
                found.append(f"{where} writes to stderr: {_first_line(output.text)}")
            elif output.output_type == "execute_result" and output.execution_count != n:
                found.append(f"{where} shows the result of run {output.execution_count}, not {n}")
            for text in _texts(output):
                for what, pattern in REFUSED.items():
                    if match := pattern.search(text):
                        line = text[text.rfind("\n", 0, match.start()) + 1 :]
                        found.append(f"{where} shows {what}: {_first_line(line)}")
    return found


def _texts(output: Any) -> Iterator[str]:
    """Yield the texts in `output`, glued ones included."""
    yield output.get("text", "")
    for mime, data in output.get("data", {}).items():
        if "text/" in mime and isinstance(data, str):
            yield data


def _first_line(text: str, width: int = 70) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= width else line[: width - 1] + "…"


def execute(nb: nbformat.NotebookNode, folder: Path) -> None:
    """Run every cell of `nb` in a new kernel, with `folder` as its working directory."""
    client = NotebookClient(
        nb,
        timeout=SECONDS_PER_CELL,
        kernel_name=KERNELSPEC["name"],
        record_timing=False,
        store_widget_state=True,  # nbclient needs it for what a control draws; normalise drops it
        # Recent kernels log that the local sockets are not encrypted: noise in a build.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=os.environ | ENVIRONMENT)


def dumps(nb: nbformat.NotebookNode) -> str:
    """Return the text of `nb` as it is stored: keys sorted, one newline at the end."""
    nbformat.validate(nb)
    text: str = nbformat.writes(nb, version=nbformat.NO_CONVERT)
    return text.rstrip("\n") + "\n"


def load(path: Path) -> nbformat.NotebookNode:
    """Read the notebook at `path`."""
    nb: nbformat.NotebookNode = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    return nb


def write(path: Path, text: str) -> None:
    """Replace the file at `path` by `text` in one step: it is never seen half written."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="\n", dir=path.parent, delete=False
    ) as file:
        file.write(text)
    temporary = Path(file.name)
    temporary.chmod(path.stat().st_mode)
    temporary.replace(path)


def check(path: Path) -> list[str]:
    """List what keeps the notebook at `path` from being in normal form; nothing is executed."""
    nb = load(path)
    found = problems(nb)
    normalise(nb)
    if dumps(nb) != path.read_text(encoding="utf-8"):
        found.append(f"is not in normal form: run `python tools/notebooks.py {path}`")
    return found


def run(path: Path) -> list[str]:
    """Execute and store the notebook at `path`; if there are problems, list them, write nothing."""
    nb = load(path)
    try:
        execute(nb, path.resolve().parent)
    except CellExecutionError as error:
        return [str(error).strip()]
    normalise(nb)
    found = problems(nb)
    if not found:
        write(path, dumps(nb))
    return found


def notebooks(paths: list[Path]) -> list[Path]:
    """Return the notebooks among `paths`, folders searched, sorted."""
    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found.update(p for p in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
        elif path.suffix == ".ipynb" and path.is_file():
            found.add(path)
        else:
            raise SystemExit(f"{path} is neither a notebook nor a folder of notebooks.")
    return sorted(found)


def lack(path: Path) -> str:
    """Say why the notebook at `path` cannot run here; an empty string if it can."""
    module, reason = NEEDS.get(path.name, ("", ""))
    return reason if module and find_spec(module) is None else ""


def main() -> int:
    """Run the command line; return 1 if any notebook has a problem."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("path", nargs="*", type=Path, default=[BOOK], help="notebooks or folders")
    parser.add_argument("--check", action="store_true", help="execute and write nothing")
    args = parser.parse_args()

    bad = left_out = 0
    paths = notebooks(args.path)
    for path in paths:
        if not args.check and (reason := lack(path)):
            left_out += 1
            print(f"{path}: NOT RUN, its stored outputs stay: {reason}", flush=True)
            continue
        started = time.perf_counter()
        found = check(path) if args.check else run(path)
        bad += bool(found)
        note = f"{len(found)} problems" if found else "ok"
        print(f"{path}: {note} ({time.perf_counter() - started:.1f} s)", flush=True)
        for problem in found:
            print(f"  {problem}", file=sys.stderr)
    ran = len(paths) - left_out
    note = f", {left_out} not run" if left_out else ""
    print(f"{len(paths)} notebooks, {ran - bad} in order{note}")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
