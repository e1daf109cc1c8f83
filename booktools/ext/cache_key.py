"""Name the execution cache by what the results depend on, so that no page shows an old result.

MyST-NB looks up a page's outputs by the text of its code cells alone and would keep them after an edit in the library.
Here the folder of the cache bears a digest of everything under lib/ and results/, of requirements.txt and of the Python
version.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

KEPT = 3  # caches of so many library states are kept: going back and forth between branches stays fast


def digest_of_inputs(source: Path) -> str:
    """Hexadecimal digest of all that the outputs of the code cells depend on, apart from the cells."""
    digest = hashlib.sha256(f"python {sys.version_info[:2]}".encode())
    folders = [source / "lib", source / "results"]
    inputs = sorted(p for folder in folders for p in folder.rglob("*") if p.is_file() and is_source(p))
    for path in [*inputs, source / "requirements.txt"]:
        if path.is_file():
            digest.update(path.relative_to(source).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def is_source(path: Path) -> bool:
    """False for what Python and pip write beside the sources."""
    return path.suffix != ".pyc" and not any(
        part == "__pycache__" or part.endswith(".egg-info") for part in path.parts
    )


def name_the_cache(app: Sphinx, config: Config) -> None:
    """Point MyST-NB to the cache of the present state; forget the oldest of the other states."""
    caches = Path(app.outdir).parent / ".jupyter_cache"
    cache = caches / digest_of_inputs(Path(app.srcdir))
    cache.mkdir(parents=True, exist_ok=True)
    cache.touch()
    by_age = sorted((p for p in caches.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in by_age[KEPT:]:
        shutil.rmtree(old)
    config.nb_execution_cache_path = str(cache)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", name_the_cache)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
