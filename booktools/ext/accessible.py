"""What the theme and docutils leave to do for readers with other senses and other papers: roles, landmarks, contrast.

axe-core looks at every page in the tests; what it found and the theme cannot be told by a setting is mended here, in
`templates/` and in `pages.css`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

TEMPLATES = Path(__file__).with_name("templates")
# docutils gives the list of sources roles that ARIA has given up, and that its own children do not fit.
MENDED = {
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    ' role="doc-biblioentry"': "",
}


def put_templates_first(app: Sphinx, config: Config) -> None:
    """Ours go before the theme's of the same name."""
    config.templates_path.insert(0, str(TEMPLATES))


def mend(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Change the markup of one page."""
    for old, new in MENDED.items():
        if "body" in context:
            context["body"] = context["body"].replace(old, new)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", put_templates_first)
    app.connect("html-page-context", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
