"""Whether this system can isolate a submission, and what it lacks if not."""

from __future__ import annotations

import sys
from pathlib import Path

from booktools.coursework.box import command, seccomp
from booktools.coursework.box.limits import Limits
from booktools.coursework.box.process import Box, BoxError

NO_NAMESPACES = (
    "bubblewrap is installed but the system does not let it make a box (%s). In a container, start it with the right "
    "to make user namespaces; on Ubuntu 24.04 and later, allow them for bwrap "
    "(sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile for /usr/bin/bwrap)"
)


def what_is_missing(kept: list[Path] | None = None) -> str:
    """Why a submission cannot be isolated here, with the remedy; "" when a trial box has run.

    `kept` are folders that no submission may read: one that lies below a folder which every box reads is named.
    """
    if not sys.platform.startswith("linux"):
        return "the sandbox needs Linux (bubblewrap): grade on a Linux machine or in a Linux virtual machine"
    if command.bubblewrap() is None:
        return "bubblewrap is missing: apt-get install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora)"
    if not seccomp.supported():
        return f"the sandbox knows {' and '.join(seccomp.MACHINES)} processors only"
    for folder in kept or []:
        for readable in [Path("/usr"), *command.readable_folders()]:
            if folder.resolve().is_relative_to(readable.resolve()):
                return f"{folder} lies in {readable}, which every submission can read: put it elsewhere"
    try:
        with Box(Limits()) as box:
            box.ask({"do": "cell", "source": "pass"}, Limits().cell)
    except BoxError as error:
        return NO_NAMESPACES % error if "bwrap: " in str(error) else str(error)
    return ""
