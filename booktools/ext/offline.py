"""Keep every page free of requests to other hosts.

Jupyter Book's defaults load Thebe, require.js and the widget manager from content delivery networks. The book uses none
of them: its figures need no kernel. `booktools.site_checks` looks through the built site afterwards.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

UNWANTED = ("sphinx-thebe", "thebe_selector", "THEBE_JS_URL", "require.js", "require.min.js", "@jupyter-widgets")


def is_wanted(asset: Any) -> bool:
    """False for the parts named above and for anything from another host."""
    attributes = getattr(asset, "attributes", {})
    text = f"{getattr(asset, 'filename', asset) or ''} {attributes.get('body') or ''}"
    return not any(word in text for word in UNWANTED) and not text.startswith(("http:", "https:", "//"))


def drop_foreign_assets(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Filter the scripts and styles of one page."""
    for key in ("script_files", "css_files"):
        context[key][:] = [asset for asset in context[key] if is_wanted(asset)]


def drop_thebe_settings(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Remove the settings that sphinx-thebe hides in every page."""
    for raw in list(doctree.findall(nodes.raw)):
        if "x-thebe-config" in raw.astext() or "kernelName =" in raw.astext():
            raw.parent.remove(raw)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", drop_foreign_assets, priority=950)
    app.connect("doctree-resolved", drop_thebe_settings, priority=980)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
