"""What the probe takes from itself before it runs a student's code."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import Any


def confine(settings: dict[str, Any]) -> None:
    """Set the limits that every process of the box inherits, and become the user of the settings."""
    # Where the system must kill for memory, let it be this.
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text("1000")
    hard = {
        resource.RLIMIT_DATA: settings["memory"],
        resource.RLIMIT_NOFILE: settings["open_files"],
        resource.RLIMIT_FSIZE: settings["file_bytes"],
        resource.RLIMIT_CPU: settings["cpu_seconds"],
        resource.RLIMIT_CORE: 0,
    }
    for name in ("RLIMIT_MSGQUEUE", "RLIMIT_MEMLOCK"):
        if hasattr(resource, name):
            hard[getattr(resource, name)] = 0
    for kind, most in hard.items():
        resource.setrlimit(kind, (most, most))
    if settings["user"] is not None:
        os.setgroups([])
        os.setresgid(settings["user"], settings["user"], settings["user"])
        os.setresuid(settings["user"], settings["user"], settings["user"])
    # Counted for the user inside the box: set outside, it would count everything that the grader's user runs.
    if settings["processes"] is not None:
        resource.setrlimit(resource.RLIMIT_NPROC, (settings["processes"], settings["processes"]))


def silence(descriptor: int) -> None:
    """Let a file descriptor read nothing and write nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
