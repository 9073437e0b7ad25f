"""Give notebooks a first code cell that fetches the course where it is missing, as on Colab.

    python tools/launch.py ADDRESS COMMIT    all of book/ but the solutions, in place

The notebooks in git know no address: a fork's are the same as ours. Theirs comes in where they are
handed out: on the branch ``launch``, to which the buttons lead (``publish.yml`` runs this file to
make it), and in what the site offers for download (the extension ``repository``). Needs nothing but
Python.
"""

import json
import sys
from pathlib import Path

BOOK = Path(__file__).resolve().parent.parent / "book"
FOLDERS = ("chapters", "reports", "exercises")  # for readers; the solutions are the teacher's
ID = "install"

SETUP = """\
from importlib.util import find_spec

if not find_spec("mnist_nn"):  # as on Colab; on Binder it is there
    print("Installing the course takes a minute.")
    %pip install --quiet "mnist_nn[notebooks] @ git+{address}@{commit}\""""


def cell(address: str, commit: str) -> dict[str, object]:
    """Return the cell, which does nothing where the package can be imported.

    Parameters
    ----------
    address
        The repository on the web, such as https://github.com/owner/name.
    commit
        The commit that the notebook is of: the package fits it, also when it is opened much later.
    """
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": ID,
        "metadata": {},
        "outputs": [],
        "source": SETUP.format(address=address, commit=commit).splitlines(keepends=True),
    }


def insert(path: Path, first: dict[str, object]) -> None:
    """Put the cell before the first code cell of the notebook at `path`, in place of an earlier."""
    nb = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in nb["cells"] if cell.get("id") != ID]
    place = next(n for n, cell in enumerate(cells) if cell["cell_type"] == "code")
    nb["cells"] = [*cells[:place], first, *cells[place:]]
    text = json.dumps(nb, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def notebooks(folder: Path) -> list[Path]:
    """Return the notebooks for readers in `folder`, which is book/ or has its form."""
    return [path for name in FOLDERS for path in sorted((folder / name).glob("*.ipynb"))]


if __name__ == "__main__":
    for path in notebooks(BOOK):
        insert(path, cell(*sys.argv[1:]))
