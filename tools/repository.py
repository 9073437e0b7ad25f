"""A Sphinx extension: pages link to the repository that they were built from, as a fork's do.

Where it lives on the web is told by the variables of a public CI, else by ``git remote``. Where
there is no address, there are no links: better none than dead ones.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

ROOT = Path(__file__).resolve().parent.parent


def address(environment: Mapping[str, str], remote: str) -> str | None:
    """Return the repository's address on the web, such as https://github.com/owner/name."""
    if {"GITHUB_SERVER_URL", "GITHUB_REPOSITORY"} <= environment.keys():  # GitHub, Forgejo
        return f"{environment['GITHUB_SERVER_URL']}/{environment['GITHUB_REPOSITORY']}"
    if "CI_PROJECT_URL" in environment:  # GitLab
        return environment["CI_PROJECT_URL"]
    found = re.fullmatch(
        r"(?:https://(?:[^/@]+@)?|ssh://git@|git@)([\w.-]+\.\w+)[:/]([\w./-]+?)(?:\.git)?/?", remote
    )
    return f"https://{found[1]}/{found[2]}" if found else None


def remote() -> str:
    """Return where git says that this repository came from; empty if it cannot tell."""
    command = ["git", "-C", str(ROOT), "remote", "get-url", "origin"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:  # an archive of the files, on a machine without git
        return ""


LAUNCH = {  # buttons on every notebook; both services read public repositories of GitHub
    "notebook_interface": "jupyterlab",
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}


def _link(app: Sphinx, config: Config) -> None:
    if (url := address(os.environ, remote())) is None:
        return
    options: dict[str, Any] = {
        "repository_url": url,
        "use_issues_button": True,
        "extra_footer": config.html_theme_options["extra_footer"]
        + f'<p><a href="{url}/issues/new">Report an error</a></p>',
    }
    if url.startswith("https://github.com/"):
        options |= {"repository_branch": "main", "launch_buttons": LAUNCH}
    config.html_theme_options |= options


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("config-inited", _link, priority=100)  # before the theme reads its options
    return {"parallel_read_safe": True, "parallel_write_safe": True}
