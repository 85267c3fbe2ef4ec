"""Signals that ask a process to end, as an event."""

import os
import signal
import threading
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def stop_on_signals(stop: threading.Event) -> None:
    """Set an event when the process is asked to end; only the main thread may call this.

    Not in the handler itself: that interrupts the main thread anywhere, also where it holds the
    lock of the same event, and would wait for it for ever.
    """
    told, tell = os.pipe()

    def wait() -> None:
        os.read(told, 1)
        stop.set()

    threading.Thread(target=wait, name="signals", daemon=True).start()
    for number in SIGNALS:
        signal.signal(number, lambda *_: os.write(tell, b"."))
