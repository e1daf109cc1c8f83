"""One writer to a run folder, also after a kill that left workers alive."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from ._files import write_whole


class RunLockedError(RuntimeError):
    """Another live process writes to the run folder."""


class RunLock:
    """The right to write to a run folder, held by at most one process: `with RunLock(folder): ...`.

    The operating system holds the lock for the process (flock, through the filelock library) and lets it go when the
    process ends, also by kill -9: no stale lock is left. A worker that outlives its killed launcher, as those of
    torchrun do, keeps it, so that a second run cannot write into the first one's files. Of several processes of one
    run the main one takes the lock; the others do not write.

    folder: made when missing; the lock is `folder/run.lock`, beside it `run.lock.json` says who took it last.
    Raises RunLockedError on entry, at once, where another process holds it.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._lock = FileLock(self.folder / "run.lock", timeout=0, thread_local=False)
        self._owner = self.folder / "run.lock.json"

    def acquire(self) -> None:
        """Take the lock or raise RunLockedError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise RunLockedError(
                f"{self.folder} is being written by {_describe(self.owner())}: wait for it, or end that process "
                "(a worker can outlive its killed launcher), then start again"
            ) from None
        owner = {"pid": os.getpid(), "host": platform.node(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        write_whole(self._owner, json.dumps(owner).encode())

    def release(self) -> None:
        """Give the lock back; without effect where it is not held."""
        self._lock.release()

    def owner(self) -> dict[str, Any]:
        """Who took the lock last: pid, host, since; empty where nobody did."""
        try:
            return dict(json.loads(self._owner.read_text()))
        except (OSError, ValueError):
            return {}

    def __enter__(self) -> RunLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _describe(owner: dict[str, Any]) -> str:
    if not owner:
        return "another process"
    return f"process {owner.get('pid')} on {owner.get('host')} (since {owner.get('since')})"
