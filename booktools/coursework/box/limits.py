"""What one submission may use while it is graded."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Seconds are those in which the box ran or slept: time it waited for a busy processor does not count."""

    submission: float = 60.0
    cell: float = 10.0
    call: float = 5.0
    start: float = 120.0  # of the box itself, before any code of the student's; not charged to the submission
    memory: int = 2048 * MEBIBYTE  # of each process by the system, of all together by the watch
    processes: int = 64  # threads count
    open_files: int = 256
    file_bytes: int = 64 * MEBIBYTE  # of one file, and of each of the three folders that can be written to
    files: int = 20_000
    reply_bytes: int = 4 * MEBIBYTE
    all_replies_bytes: int = 64 * MEBIBYTE
    restarts: int = 16
    strikes: int = 2  # a function that hung or killed the box so often is not called again
