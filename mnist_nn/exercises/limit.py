"""A limit of time for a call, on every system."""

import _thread
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class OutOfTime(BaseException):
    """A call that took too long. Not an `Exception`, so that ``except Exception`` lets it pass."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `OutOfTime` in what runs inside, if it takes longer.

    It works as Ctrl-C does, so only in the main thread, where notebooks run; in another there is
    no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over = threading.Event()
    done = threading.Event()

    def interrupt() -> None:
        wait = seconds
        while not done.wait(wait):  # again and again: the loop may catch it
            over.set()
            _thread.interrupt_main()
            wait = 0.2

    watch = threading.Thread(target=interrupt, daemon=True)
    watch.start()
    try:
        yield
    except KeyboardInterrupt:
        if not over.is_set():
            raise  # somebody's own Ctrl-C
        raise OutOfTime from None
    finally:
        done.set()
        try:
            watch.join()
        except KeyboardInterrupt:  # on its way since just before the end
            if not over.is_set():
                raise
            watch.join()
