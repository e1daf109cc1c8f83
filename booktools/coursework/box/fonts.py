"""Matplotlib's list of fonts, made once: in each empty box it would cost seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from booktools.coursework.box.command import environment


@contextmanager
def font_list() -> Iterator[Path | None]:
    """The file with the list, for as long as boxes are started with it; None where matplotlib cannot make one."""
    with tempfile.TemporaryDirectory(prefix="fonts-") as name:
        folder = Path(name)
        command = [sys.executable, "-I", "-c", "import matplotlib.font_manager"]
        own = {**environment(name), "MPLCONFIGDIR": name, "TMPDIR": name}
        subprocess.run(command, env=own, capture_output=True, check=False)
        lists = sorted(folder.glob("fontlist-*.json"))
        if lists:
            os.chmod(folder, 0o755)  # the box runs as another user
            os.chmod(lists[0], 0o644)
        yield lists[0] if lists else None
