"""Ctrl-C, once."""

import signal
import threading
from types import FrameType


class Interrupts:
    """Ctrl-C while training: the first raises KeyboardInterrupt, those that follow do nothing.

    So nothing disturbs the saving of what was learned.

    Attributes
    ----------
    armed : bool
        Whether the next Ctrl-C still raises.
    """

    def __init__(self) -> None:
        self.armed = True

    def __enter__(self) -> "Interrupts":
        self.main = threading.current_thread() is threading.main_thread()
        if self.main:  # elsewhere Python allows no handlers, and raises no KeyboardInterrupt
            self.before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.armed:
            self.armed = False
            raise KeyboardInterrupt

    def __exit__(self, *_: object) -> None:
        if self.main:
            signal.signal(signal.SIGINT, self.before)
