"""Give the pages that hold a figure of the package its script and style, and no other page.

The package joins both (`echolimit.figures.assets`): a notebook needs them too, inside its outputs. They are linked page
by page, because Jupyter Book links every script that it finds in a book's own `_static` folder on every page.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

ASSETS = Path("lib", "echolimit", "figures", "assets.py")
NEEDS_SCRIPT = ("<live-fig", "<explore-fig")


def load_assets(source: Path) -> ModuleType | None:
    """The package's module of assets, by its path: importing the package itself would import matplotlib."""
    path = source / ASSETS
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("echolimit_figure_assets", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def add_folder(app: Sphinx) -> None:
    """Let Sphinx copy script and style into `_static`."""
    assets = load_assets(Path(app.srcdir))
    if assets is not None:
        folder = Path(app.outdir).parent / "figure-static"
        assets.write_static(folder)
        app.config.html_static_path.append(str(folder))


def add_to_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Link what the HTML on this page calls for."""
    assets = load_assets(Path(app.srcdir)) if doctree is not None else None
    if doctree is None or assets is None:
        return
    html = "\n".join(raw.astext() for raw in doctree.findall(nodes.raw) if raw.get("format") == "html")
    if any(tag in html for tag in NEEDS_SCRIPT):
        app.add_js_file(assets.SCRIPT, defer="defer")
    if any(tag in html for tag in assets.TAGS):
        app.add_css_file(assets.STYLE)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", add_folder)
    app.connect("html-page-context", add_to_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
