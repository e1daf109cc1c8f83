"""The library as a box sees it: in the modules of blocked functions, these raise.

Blocking by assignment, as the notebooks do it, ends where a notebook loads the library anew. Here the text of a module
that defines a blocked function is itself another one, for every process in the box.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable
from pathlib import Path

from booktools.coursework import blocking
from booktools.coursework.box.command import library_folder


def changed_modules(blocked: Iterable[str]) -> dict[Path, str]:
    """New texts of modules, by their paths in the library. Raises ValueError for a name that the library lacks."""
    library = importlib.import_module("echolimit")
    texts: dict[Path, str] = {}
    for name in blocked:
        original = getattr(library, name, None)
        if not inspect.isfunction(original) and not inspect.isclass(original):
            raise ValueError(f"echolimit has no function {name} to block: make the assignment again")
        path = Path(inspect.getsourcefile(inspect.unwrap(original)) or "")
        inside = path.relative_to(library_folder())
        before = (
            texts.get(inside) or path.read_text(encoding="utf-8") + f"\n\n{inspect.getsource(blocking.refusal)}\n\n"
        )
        texts[inside] = f"{before}{original.__name__} = refusal({name!r})\n"
    return texts


def write_changed(blocked: Iterable[str], folder: Path) -> dict[Path, Path]:
    """Write these texts into `folder`; returns where each lies, by its path in the library."""
    written = {}
    for number, (inside, text) in enumerate(changed_modules(blocked).items()):
        written[inside] = folder / f"module{number}.py"
        written[inside].write_text(text, encoding="utf-8")
        written[inside].chmod(0o644)  # the box may run as another user
    return written
