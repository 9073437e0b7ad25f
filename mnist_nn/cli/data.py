"""``mnist-nn data``."""

import argparse

from .console import DONE, Commands, Console, add_json


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    data = commands.add_parser(
        "data", help="the MNIST files that come with the package", allow_abbrev=False
    )
    actions = data.add_subparsers(metavar="ACTION", required=True)
    verify = actions.add_parser(
        "verify", help="read each file and compare its SHA-256", allow_abbrev=False
    )
    verify.set_defaults(run=run, parser=verify)
    add_json(verify)


def run(args: argparse.Namespace, console: Console) -> int:
    """Read and compare the files; return the exit code."""
    from ..data.mnist import SHA256, read_verified

    console.say(f"{'file':26}{'shape':18}SHA-256")
    files = []
    for name, sha256 in SHA256.items():
        shape = read_verified(name).shape
        console.say(f"{name:26}{shape!s:18}ok")
        files.append({"file": name, "shape": list(shape), "sha256": sha256})
    console.answer({"files": files}, [])
    return DONE
