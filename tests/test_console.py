"""The page on the command line shows what the commands print."""

import importlib.util
import re
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parent.parent / "tools" / "console.py"
SPEC = importlib.util.spec_from_file_location("console", TOOL)
console = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(console)


def without_numbers(page):
    """Numbers become #, their padding one space; the order of a table by numbers is lost too."""
    lines = [" ".join(re.sub(r"[\d,.]*\d", "#", line).split()) for line in page.splitlines()]
    return [re.sub(r"(# )+", "# ", re.sub(r"(?<= )\.(?= |$)", "#", line)) for line in lines]


@pytest.mark.slow
def test_the_outputs_on_the_page_are_those_of_its_commands():
    page = console.PAGE.read_text(encoding="utf-8")
    assert len(console.BLOCK.findall(page)) >= 5
    fresh = console.with_fresh_outputs(page)
    assert without_numbers(fresh) == without_numbers(page)


def test_a_command_that_fails_is_said():
    with pytest.raises(ValueError, match=r"mnist-nn evaluate nothing.npz failed: .*nothing.npz"):
        console.with_fresh_outputs("```console\n$ mnist-nn evaluate nothing.npz\n```")
