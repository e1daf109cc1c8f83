"""Export every chapter to a notebook of plain Markdown and code, with the page's numbers.

It runs inside the HTML build on the resolved document, after all references have their text, and writes
`_notebooks/PAGE.ipynb` into the built site. A page whose front matter says `library_extra: images` installs the library
with that extra. Code comes from MyST-NB's copy of the notebook, text from the document.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from booktools.ext.colab import repository_of
from booktools.notebooks.cells import Exporter
from booktools.notebooks.install import install_cell
from booktools.notebooks.leftovers import find_leftovers
from booktools.notebooks.run_time import run_time_line
from booktools.repository import built_commit, notebook_path

logger = logging.getLogger(__name__)


def export(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Write the notebook of one page, if it is one with code cells."""
    if app.builder.name != "html" or "kernelspec" not in app.env.metadata.get(page, {}):
        return
    executed = Path(app.outdir).parent / "jupyter_execute" / f"{page}.ipynb"
    source = nbformat.read(executed, as_version=4)
    repository = repository_of(app)
    extra = app.env.metadata[page].get("library_extra", "")
    install = install_cell(repository.pip_address(built_commit(Path(app.srcdir)), extra), trains=bool(extra))
    exporter = Exporter(app, page, source, repository.pages_url)
    exporter.first_words = run_time_line(app, page, extra)
    notebook = exporter.notebook(doctree, install)
    for problem in [*exporter.problems, *find_leftovers(notebook)]:
        logger.warning("notebook export: %s", problem, type="echolimit", subtype="notebooks", location=page)
    target = Path(app.outdir) / notebook_path(page)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-resolved", export, priority=990)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
