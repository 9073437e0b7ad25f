"""Files damaged at random, for the tests of the readers: each mutant is read or refused."""

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

SPECIAL = [b"\xff" * 4, b"\xff" * 8, b"\0" * 8, b"\x7f" + b"\xff" * 3, b"\xff" * 3 + b"\x7f"]
SPECIAL += [b"1000000000", b"99999999999999999999", b"-1", b"NaN", b"\n", b",", b"'", b"\xfe\xff"]
GROWTH = 350_000_000  # bytes of memory that reading one small file may take, at the very most


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Change `content` in one to four places."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        for _ in range(3):  # a change in a long run of zeros says little
            if not any(data[at : at + 4]):
                at = rng.randrange(len(data) + 1)
        n = rng.choice((1, 1, 2, 4, 8, 40))
        other = rng.randrange(len(data) + 1)
        kind = rng.randrange(9)
        if kind <= 1 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data[at : at + 1] = rng.randbytes(1)
        elif kind == 3:
            data[at : at + n] = rng.randbytes(len(data[at : at + n]))
        elif kind == 4:
            del data[at : at + n]
        elif kind == 5:
            data[at:at] = rng.randbytes(n)
        elif kind == 6:
            data[at:at] = data[other : other + n]
        elif kind == 7:
            special = rng.choice(SPECIAL)
            data[at : at + len(special) * rng.randrange(2)] = special
        elif rng.random() < 0.5:
            del data[at:]
    return bytes(data)


def memory() -> int:
    """Return the most memory that this process has had so far, in bytes; 0 if it cannot tell."""
    if sys.platform != "linux":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def read_mutants(
    read: Callable[[Path], Any], originals: list[bytes], count: int, path: Path
) -> tuple[int, int]:
    """Read `count` mutants; return how many were read and how many refused.

    Whatever else than a result and the documented error comes is a failure, and so is a message
    that does not name the file, or memory that no small file deserves.
    """
    rng = random.Random(20)
    good = bad = 0
    most = memory() + GROWTH
    for number in range(count):
        content = mutated(originals[number % len(originals)], rng)
        path.write_bytes(content)
        try:
            read(path)
            good += 1
        except ValueError as error:
            problem = complaint(error, path)
            assert not problem, f"mutant {number}, {content!r}: {problem}"
            bad += 1
        except Exception as error:
            raise AssertionError(f"mutant {number}, {content!r}: {error!r}") from error
    assert memory() <= most
    return good, bad


def complaint(error: Exception, path: Path) -> str:
    """Say what is wrong with a message: it is one sentence, names the file and says what to do."""
    message = str(error)
    if not message.startswith(f"{path}"):
        return f"does not begin with the file: {message}"
    if "\n" in message or len(message) > 400 + len(os.fspath(path)) or "MemoryError" in message:
        return f"is no clear sentence: {message}"
    if not re.search(
        r"[;:,] [^;]*\b(get|give|check|save|expected|split|fill|make|differs)\b", message
    ):
        return f"does not say what to do: {message}"
    if type(error) is not ValueError:
        return f"is of class {type(error)}: {message}"
    return ""


WRITE_TOO_MUCH = """
import resource, signal, sys
import numpy as np
from mnist_nn.data import *

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
digits = Digits(np.full((200, 28, 28), 200, np.uint8), np.arange(200) % 10)
try:
    {writer}(digits, sys.argv[1])
except OSError as error:
    print(error)
"""


def check_full_disk(writer: str, path: Path) -> None:
    """Check that a file that finds no room leaves the old one, and nothing beside it."""
    path.write_text("old")
    code = [sys.executable, "-c", WRITE_TOO_MUCH.format(writer=writer), str(path)]
    run = subprocess.run(code, capture_output=True, text=True, check=True)
    assert run.stdout.startswith(f"{path} cannot be written: "), run.stdout + run.stderr
    assert run.stdout.count("\n") == 1 and "; " in run.stdout
    assert path.read_text() == "old"
    assert [file.name for file in path.parent.iterdir()] == [path.name]
