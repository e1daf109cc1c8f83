"""One point of a sweep: the command line of `echolimit.learning`, in a process that ends when its worker does.

The worker holds the other end of standard input.  When it dies, by whatever signal, reading returns and the process
ends at once, as if killed: its checkpoints are whole, and the next worker goes on from the last one.
"""

from __future__ import annotations

import os
import runpy
import threading


def end_with_the_worker() -> None:
    """Wait for the end of standard input, then end this process."""
    while os.read(0, 1):  # not sys.stdin: its lock, held by this thread, would abort Python's own shutdown
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with_the_worker, daemon=True).start()
    runpy.run_module("echolimit.learning", run_name="__main__", alter_sys=True)
