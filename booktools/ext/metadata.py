"""What a page says of itself to others: its one address, a card for links to it, and its place in the sitemap.

All addresses are made from `repository.url` in _config.yml. The cards are sphinxext-opengraph's, the sitemap is
sphinx-sitemap's; here they get their settings, and the descriptions their formulas as plain text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from booktools.ext.plain_formulas import plain_formula
from booktools.ext.tied_formulas import position
from booktools.repository import parse_repository

ICON = Path(__file__).with_name("card-icon.png")  # favicon.svg, as the cards need it
NOT_LISTED = ["search.html", "genindex.html", "prf-prf.html"]


def set_addresses(app: Sphinx, config: Config) -> None:
    """Canonical links, cards and sitemap: one address for all."""
    address = parse_repository(config.html_theme_options["repository_url"]).pages_url
    config.html_baseurl = address
    config.ogp_site_url = address
    config.ogp_site_name = config.html_title
    config.ogp_social_cards = {"image_mini": str(ICON), "line_color": "#12324a"}
    config.sitemap_url_scheme = "{link}"
    config.sitemap_excludes = NOT_LISTED


def word_formulas(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Just before the description is taken: formulas as words in the document, which is written already."""
    mpl.rcParams["text.parse_math"] = False  # a dollar sign in a card is a dollar sign
    found = list(doctree.findall(is_formula)) if doctree is not None else []
    context["worded"] = [(formula, formula.parent, position(formula)) for formula in found]
    for formula, parent, place in context["worded"]:
        parent[place] = nodes.Text(plain_formula(formula.astext()))


def is_formula(node: nodes.Node) -> bool:
    """In the text or displayed."""
    return isinstance(node, nodes.math | nodes.math_block)


def restore_formulas(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Just after it: others may look for the formulas."""
    for formula, parent, place in context.pop("worded"):
        parent[place] = formula


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", set_addresses)
    app.connect("html-page-context", word_formulas)  # handlers run in the order of their connection
    app.setup_extension("sphinxext.opengraph")
    app.connect("html-page-context", restore_formulas)
    app.setup_extension("sphinx_sitemap")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
