"""What every page loads of the book's own: styles, small scripts, the icon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

STATIC = Path(__file__).with_name("static")
STYLES = ("pages.css", "book.css")  # in this order: the later one wins
SCRIPTS = ("printing.js", "book.js")


def set_icon(app: Sphinx, config: Config) -> None:
    """The icon of the pages, unless the settings name one."""
    config.html_favicon = config.html_favicon or str(STATIC / "favicon.svg")


def add_files(app: Sphinx) -> None:
    """Let Sphinx copy the folder and link its files; all that this book loads later stands in the same folder."""
    app.config.html_static_path.append(str(STATIC))
    for name in STYLES:
        app.add_css_file(name)
    for name in SCRIPTS:
        app.add_js_file(name, defer="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", set_icon)
    app.connect("builder-inited", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
