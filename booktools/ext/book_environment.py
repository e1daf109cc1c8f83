"""Tell the kernels that run a chapter that a page is being built, and where the library lies.

`ECHOLIMIT_BUILDING_BOOK=1` makes the figures give their static form (one SVG, the script linked once by the page)
instead of the self-contained one that a notebook needs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config


def announce_the_book(app: Sphinx, config: Config) -> None:
    """Set the variables that every kernel started by this build inherits."""
    os.environ["ECHOLIMIT_BUILDING_BOOK"] = "1"
    library = str(Path(app.srcdir) / "lib")
    others = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p and p != library]
    # The library beside the chapters wins over an installed one: a page shows what its own sources compute.
    os.environ["PYTHONPATH"] = os.pathsep.join([library, *others])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", announce_the_book)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
