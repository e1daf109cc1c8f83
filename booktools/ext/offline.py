"""Keep every page free of requests to other hosts, and of what it does not use.

Jupyter Book's defaults load Thebe, require.js and the widget manager from content delivery networks. The book uses none
of them: its figures need no kernel. `booktools.site_checks` looks through the built site afterwards. sphinx-design is
there for its grids and tabs, and pages without one need neither its style nor its script. The scripts that are left
wait for the text: a page is painted before they are read.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

FOLDING = ("togglebutton", "toggleHint", "toggleOpenOnPrint")  # booktools.ext.folds does without
DESIGN = ("sphinx-design", "design-tabs")
AT_ONCE = "documentation_options.js"  # a line in the page itself uses it
UNWANTED = ("sphinx-thebe", "thebe_selector", "THEBE_JS_URL", "require.js", "require.min.js", "@jupyter-widgets")


def is_wanted(asset: Any, unused: tuple[str, ...] = ()) -> bool:
    """False for the parts named above, for what this page does not use and for anything from another host."""
    attributes = getattr(asset, "attributes", {})
    text = f"{getattr(asset, 'filename', asset) or ''} {attributes.get('body') or ''}"
    is_foreign = text.startswith(("http:", "https:", "//"))
    return not is_foreign and not any(word in text for word in (*UNWANTED, *FOLDING, *unused))


def drop_foreign_assets(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Filter the scripts and styles of one page, and let its scripts wait for the text."""
    unused = () if 'class="sd-' in context.get("body", "") else DESIGN
    for key in ("script_files", "css_files"):
        context[key][:] = [asset for asset in context[key] if is_wanted(asset, unused)]
    if page != "search":  # lines of the theme in that page use its scripts at once
        context["script_files"][:] = [deferred(script) for script in context["script_files"]]


def deferred(script: Any) -> Any:
    """The same script, run when the text is there."""
    name = str(getattr(script, "filename", "") or "")
    if not name.endswith(".js") or AT_ONCE in name or "defer" in script.attributes:
        return script
    return type(script)(script.filename, priority=script.priority, **script.attributes, defer="defer")


def drop_thebe_settings(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Remove the settings that sphinx-thebe hides in every page."""
    for raw in list(doctree.findall(nodes.raw)):
        if "x-thebe-config" in raw.astext() or "kernelName =" in raw.astext():
            raw.parent.remove(raw)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", drop_foreign_assets, priority=950)
    app.connect("doctree-resolved", drop_thebe_settings, priority=980)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
