"""Print what Binder makes of this repository, and how much it installs. Fail where that is wrong.

    python tools/binder.py ENVIRONMENT

Runs where jupyter-repo2docker is, which is what Binder builds with. ENVIRONMENT is a virtual
environment into which nothing but binder/requirements.txt was installed: ``make binder``.
"""

import os
import re
import sys
from pathlib import Path

from repo2docker.app import Repo2Docker

ROOT = Path(__file__).resolve().parent.parent
MOST_PACKAGES, MOST_MEGABYTES = 60, 600  # more would no longer be slim


def image() -> tuple[str, str, str]:
    """Return the name of the build pack that Binder takes, its Python version, its Dockerfile.

    Raises
    ------
    StopIteration
        If no build pack takes the repository.
    """
    os.chdir(ROOT)
    binder = Repo2Docker()
    packs = (pack(base_image=binder.base_image) for pack in binder.buildpacks)
    pack = next(pack for pack in packs if pack.detect())
    pack.platform = "linux/amd64"
    return type(pack).__name__, pack.python_version, pack.render({"NB_USER": "reader"})


def installed(environment: Path) -> tuple[int, float]:
    """Return the number of packages in an environment, besides pip, and their megabytes."""
    (folder,) = environment.glob("lib/python*/site-packages")
    names = {path.name for path in folder.glob("*.dist-info")}
    count = sum(not re.match("pip-|setuptools-", name) for name in names)
    return count, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> int:
    """Print the facts and what is wrong with them; return 1 if anything is."""
    pack, version, dockerfile = image()
    files = re.findall(r'pip install .*-r "(\S+)"', dockerfile)
    packages, megabytes = installed(Path(sys.argv[1]).resolve())
    print(f"{pack}, Python {version}, installs {', '.join(files)}")
    print(f"{packages} packages, {megabytes:.0f} MB")
    checks = {
        "the build pack is not that of Python": pack == "PythonBuildPack",
        "the version is not that of binder/runtime.txt": f"python-{version}"
        == (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip(),
        "it installs other files": files == ["binder/requirements.txt"],
        f"more than {MOST_PACKAGES} packages": packages <= MOST_PACKAGES,
        f"more than {MOST_MEGABYTES} MB": megabytes <= MOST_MEGABYTES,
    }
    wrong = [what for what, holds in checks.items() if not holds]
    print(*(f"WRONG: {what}" for what in wrong), sep="\n", end="")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
