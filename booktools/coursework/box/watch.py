"""What the processes of a box use, read from /proc while it works."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from booktools.coursework.box.command import WRITABLE
from booktools.coursework.box.limits import Limits

OWN_MEMORY = re.compile(rb"^Rss(?:Anon|Shmem):\s+(\d+) kB$", re.MULTILINE)


class Watch:
    """Looks after the descendants of one process. On systems without /proc it sees nothing."""

    def __init__(self, pid: int, limits: Limits, processes_above: int) -> None:
        self.pid = pid
        self.limits = limits
        self.processes_above = processes_above

    def family(self) -> Iterator[int]:
        """The process and all below it."""
        waiting = [self.pid]
        while waiting:
            pid = waiting.pop()
            yield pid
            waiting += children(pid)

    def excess(self) -> str:
        """What is beyond the limits: "memory", "files", or "" while all is well."""
        if sum(memory_of(pid) for pid in self.family()) > self.limits.memory:
            return "memory"
        return "files" if self.count_files() > self.limits.files else ""

    def count_files(self) -> int:
        """Files in the folders that the box may write to: each costs memory of the system's, even an empty one."""
        count = 0
        for folder in WRITABLE if self.processes_above else ():
            try:
                numbers = os.statvfs(f"/proc/{self.probe}/root{folder}")
            except OSError:
                continue
            count += numbers.f_files - numbers.f_ffree
        return count

    @cached_property
    def probe(self) -> int:
        """The process that runs the notebook, the oldest child of those above; asked for when it is ready."""
        pid = self.pid
        for _ in range(self.processes_above):
            pid = next(iter(children(pid)), pid)
        return pid

    def kept_waiting(self) -> float:
        """Seconds that the notebook's thread was ready and had no processor."""
        try:
            return int(Path(f"/proc/{self.probe}/schedstat").read_text().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0


def children(pid: int) -> list[int]:
    """The processes that a process has started, the oldest first; none when it has ended."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        return [
            int(child) for task in tasks for child in Path(f"/proc/{pid}/task/{task}/children").read_bytes().split()
        ]
    except OSError:
        return []


def memory_of(pid: int) -> int:
    """Bytes that a process does not share with files."""
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return 0
    return 1024 * sum(int(number) for number in OWN_MEMORY.findall(status))
