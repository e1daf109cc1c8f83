"""The book's own Sphinx extensions; `booktools.ext` in _config.yml loads them all, each one job in one file."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

EXTENSIONS = (
    "book_environment",
    "cache_key",
    "parallel",
    "claims",
    "bibliography",
    "api_page",
    "proofs",
    "exercises",
    "folds",
    "tied_formulas",
    "typeset",
    "page_style",
    "live_static",
    "offline",
    "icons",
    "colab",
    "code_links",
    "claim_search",
    "metadata",
    "cite_page",
    "notation_hover",
    "accessible",
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Load every extension of this folder and the notebook export."""
    for name in EXTENSIONS:
        app.setup_extension(f"booktools.ext.{name}")
    app.setup_extension("booktools.notebooks")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
