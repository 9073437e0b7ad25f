"""Ctrl-C, once."""

import signal
import threading
from types import FrameType


class Interrupts:
    """Ctrl-C while training: the first raises KeyboardInterrupt, those that follow do nothing.

    So nothing disturbs the saving of what was learned. Where Ctrl-C does something else already, as
    in a program that calls the command or in one that ignores it, that stays as it is.

    Attributes
    ----------
    armed : bool
        Whether the next Ctrl-C still raises.
    """

    def __init__(self) -> None:
        self.armed = True

    def __enter__(self) -> "Interrupts":
        # Elsewhere than in the main thread Python allows no handlers, and raises nothing.
        self.ours = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self.ours:
            signal.signal(signal.SIGINT, self._interrupt)
        return self

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.armed:
            self.armed = False
            raise KeyboardInterrupt

    def __exit__(self, *_: object) -> None:
        if self.ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
