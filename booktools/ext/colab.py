"""Point the buttons "Colab" and "download notebook" at the exported notebook.

The theme would link Colab to the `.md` file, which Colab cannot open, and would serve a notebook full of directives,
with all solutions in plain sight (`html_copy_source: false` in _config.yml keeps both off the site).
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from booktools.repository import Repository, notebook_path, parse_repository


def repository_of(app: Sphinx) -> Repository:
    """The repository whose address the settings give."""
    return parse_repository(app.config.html_theme_options["repository_url"])


def rewrite_buttons(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Change the buttons in the head of a page: those of the theme that need a source are replaced."""
    is_exported = "kernelspec" in app.env.metadata.get(page, {})
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("text") == "Colab":
                button["url"] = repository_of(app).colab_url(page)
        if group.get("label") == "download-buttons":
            kept = [button for button in group["buttons"] if button.get("label") == "download-pdf-button"]
            notebook = [notebook_button(context["pathto"](notebook_path(page), 1))] if is_exported else []
            group["buttons"] = [*notebook, *kept]


def notebook_button(url: str) -> dict[str, str]:
    """The button "download notebook", as the theme describes its buttons."""
    return {
        "type": "link",
        "url": url,
        "text": ".ipynb",
        "icon": "fas fa-code",
        "tooltip": "Download notebook file",
        "label": "download-notebook-button",
    }


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", rewrite_buttons, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
