"""A Sphinx extension: pages link to the repository that they were built from, as a fork's do.

Where it lives on the web is told by the variables of a public CI, else by ``git remote``. Where
there is no address, there are no links: better none than dead ones. Each page also says of which
commit it is, so that ``published.py`` can tell whether the host shows the newest.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # Sphinx knows only this folder

from tools import launch
from tools.notebooks import NEEDS

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


def git(*words: str) -> str:
    """Return what a command of git says about this repository; empty if it cannot tell."""
    command = ["git", "-C", str(ROOT), *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:  # an archive of the files, on a machine without git
        return ""


def remote() -> str:
    """Return where git says that this repository came from; empty if it cannot tell."""
    return git("remote", "get-url", "origin")


def commit() -> str:
    """Return the name of the commit that is checked out; empty if git cannot tell."""
    return git("rev-parse", "HEAD")


LAUNCH = {  # buttons on every notebook; both services read public repositories of GitHub
    "notebook_interface": "jupyterlab",
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}
NOTES = {
    "Binder": "Binder takes a minute or more to start. Ten minutes after you stop, it forgets all.",
    "Colab": "Colab asks for a Google account.",
}


def _link(app: Sphinx, config: Config) -> None:
    if (url := address(os.environ, remote())) is None:
        return
    options: dict[str, Any] = {
        "repository_url": url,
        # The theme does not know every host. Forgejo has the addresses of GitHub.
        "repository_provider": "gitlab" if "gitlab" in url else "github",
        "use_issues_button": True,
        "extra_footer": config.html_theme_options["extra_footer"]
        + f'<p><a href="{url}/issues/new">Report an error</a></p>',
    }
    if url.startswith("https://github.com/"):
        # publish.yml makes this branch: the same files, and notebooks that Colab can run.
        options |= {"repository_branch": "launch", "launch_buttons": LAUNCH}
    config.html_theme_options |= options


def _describe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    if name := commit():
        context["metatags"] = context.get("metatags", "") + f'<meta name="commit" content="{name}">'
    for group in context["header_buttons"]:
        if group["label"] == "launch-buttons":
            if f"{Path(pagename).name}.ipynb" in NEEDS:  # what is not installed on Binder
                group["buttons"] = [one for one in group["buttons"] if one["text"] != "Binder"]
            words = [NOTES[button["text"]] for button in group["buttons"]]
            group["buttons"].append(
                {
                    "type": "link",
                    "url": context["pathto"]("book/running"),
                    "text": " ".join([*words, "More, and how to keep your work"]),
                    "label": "launch-note",
                }
            )


def _install(app: Sphinx, exception: Exception | None) -> None:
    """Let the notebooks that the site offers for download fetch the course."""
    url, name = address(os.environ, remote()), commit()
    if url and name and app.builder.format == "html" and exception is None:
        for path in launch.notebooks(Path(app.outdir, "_sources", "book")):
            launch.insert(path, launch.cell(url, name))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("config-inited", _link, priority=100)  # before the theme reads its options
    app.connect("html-page-context", _describe, priority=502)  # after the theme has made buttons
    app.connect("build-finished", _install)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
