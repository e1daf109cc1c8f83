"""A symbol's meaning where it is used: formulas that are a symbol of the notation appendix carry its row's address.

The first one of a page is a link to the row, for keyboards and for pages without scripts; `notation.js` shows the row
itself on hover, focus or touch. The words come from the appendix, so that they are the same everywhere.
"""

from __future__ import annotations

import html
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from booktools.ext.doctree import is_inside
from booktools.ext.notation_rows import Row, collect_rows, normal, rows_for
from booktools.ext.plain_formulas import plain_formula

NOT_INSIDE = (nodes.reference, nodes.title, nodes.term, nodes.thead, nodes.caption)


class symbol(nodes.General, nodes.Inline, nodes.TextElement):
    """A formula, as plain text in `words`, with the addresses of its meanings, `rows`; `is_link`: as a link."""


def visit_symbol(self: Any, node: nodes.Element) -> None:
    addresses = " ".join(node["rows"])
    if node["is_link"]:
        # Not all that read a page aloud take the MathML of a formula for the words of a link.
        words = html.escape(node["words"])
        self.body.append(f'<a class="symbol" href="{node["rows"][0]}" aria-label="{words}" data-rows="{addresses}">')
    else:
        self.body.append(f'<span class="symbol" data-rows="{addresses}">')


def depart_symbol(self: Any, node: nodes.Element) -> None:
    self.body.append("</a>" if node["is_link"] else "</span>")


def skip(self: Any, node: nodes.Element) -> None:
    """In other formats a symbol is its formula."""


def rows_of(env: Any) -> list[Row]:
    """The rows of the book, noted when their page was read."""
    if not hasattr(env, "echolimit_symbols"):
        env.echolimit_symbols = []
    return env.echolimit_symbols


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """After a page is read."""
    rows_of(app.env).extend(collect_rows(doctree, app.env.docname))


def forget(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Before a page is read again, or when it is gone."""
    rows_of(env)[:] = [row for row in rows_of(env) if row.page != page]


def merge(app: Sphinx, env: BuildEnvironment, pages: list[str], other: BuildEnvironment) -> None:
    """Take over what a parallel reader found."""
    rows_of(env).extend(row for row in rows_of(other) if row.page in pages)


def wrap(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Give every formula that is a symbol its meanings; the appendix itself needs none."""
    rows = rows_of(app.env)
    if not rows or any(row.page == page for row in rows):
        return
    meanings = rows_for(rows, chapter_number(app, page))
    linked: set[str] = set()
    for formula in list(doctree.findall(nodes.math)):
        name = normal(formula.astext())
        if name not in meanings or is_inside(formula, NOT_INSIDE):
            continue
        uris = [f"{app.builder.get_relative_uri(page, row.page)}#{row.anchor}" for row in meanings[name]]
        marked = symbol(rows=uris, words=plain_formula(formula.astext()), is_link=name not in linked)
        linked.add(name)
        formula.replace_self(marked)
        marked += formula


def chapter_number(app: Sphinx, page: str) -> int | None:
    """The number of a chapter; None for other pages."""
    number = app.env.toc_secnumbers.get(page, {}).get("", ())
    return int(number[0]) if number else None


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(symbol, html=(visit_symbol, depart_symbol), latex=(skip, skip))
    app.add_js_file("notation.js", defer="defer")
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("doctree-read", collect)
    app.connect("doctree-resolved", wrap, priority=650)  # after punctuation was tied to its formula
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
