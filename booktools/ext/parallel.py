"""Execute the chapters that are not in the cache side by side, before Sphinx reads the pages one after the other.

A chapter that fails here is left alone: MyST-NB executes it once more, in its turn, and reports it.
"""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)

MOST = 4  # kernels at a time: each may hold gigabytes
# The kernels share the cores, so each computes on one: threads that wait for each other made a chapter twice as slow.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def execute_missing(app: Sphinx, env: BuildEnvironment, pages: list[str]) -> None:
    """Fill the cache with the outputs of all pages that lack them."""
    settings = env.mystnb_config
    if settings.execution_mode != "cache":
        return
    for name in THREADS:
        os.environ.setdefault(name, "1")
    cache = get_cache(settings.execution_cache_path)
    missing = {}
    for page in pages:
        path = Path(env.doc2path(page))
        notebook = read_notebook(path, env)
        if notebook is not None and not is_cached(cache, notebook):
            missing[path] = notebook
    if len(missing) < 2:
        return  # MyST-NB does a single one as fast
    logger.info("executing %s", ", ".join(path.name for path in missing))
    with ThreadPoolExecutor(min(MOST, os.cpu_count() or 1)) as pool:
        results = list(pool.map(lambda one: execute(one, settings.execution_timeout), missing.values()))
    for path, result in zip(missing, results, strict=True):
        if result.err is None:
            bundle = CacheBundleIn(result.nb, str(path), data={"execution_seconds": result.time})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            logger.info("executed %s in %.1f s", path.name, result.time)


def read_notebook(path: Path, env: Any) -> NotebookNode | None:
    """The page as a notebook, as MyST-NB will read it; None for one without code cells."""
    text = path.read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
    notebook = reader.read(text) if reader is not None else None
    if notebook is None or not any(cell.cell_type == "code" for cell in notebook.cells):
        return None
    return notebook


def is_cached(cache: Any, notebook: NotebookNode) -> bool:
    """Are there outputs of just these code cells?"""
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    return True


def execute(notebook: NotebookNode, timeout: int | None) -> ExecutionResult:
    """Run one notebook in an empty folder, in a kernel of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return single_nb_execution(notebook, cwd=folder, timeout=timeout, allow_errors=False)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-before-read-docs", execute_missing)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
