"""Keep punctuation beside its formula: a browser may break the line between a formula and the comma after it."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

CLOSING = re.compile(r"[.,;:!?)\]'\u2019\u201d]+")
OPENING = re.compile(r"[(\[\u201c]+$")


def tie_punctuation(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Wrap every inline formula and the punctuation around it into a span that does not break."""
    for formula in list(doctree.findall(nodes.math)):
        parent = formula.parent
        place = position(formula)
        before = parent.children[place - 1] if place else None
        after = parent.children[place + 1] if place + 1 < len(parent.children) else None
        left, right = text_of(before), text_of(after)
        opening, closing = OPENING.search(left), CLOSING.match(right)
        if not opening and not closing:
            continue
        tied = nodes.inline(classes=["tied"])
        parent[place] = tied
        if opening:
            parent[place - 1] = nodes.Text(left[: opening.start()])
            tied += nodes.Text(opening.group())
        tied += formula
        if closing:
            parent[place + 1] = nodes.Text(right[closing.end() :])
            tied += nodes.Text(closing.group())


def position(node: nodes.Node) -> int:
    """Where it stands among its parent's children. (`Element.index` takes two texts with the same words for one.)"""
    return next(place for place, child in enumerate(node.parent.children) if child is node)


def text_of(node: nodes.Node | None) -> str:
    """The words of a piece of plain text; nothing for anything else."""
    return node.astext() if isinstance(node, nodes.Text) else ""


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-resolved", tie_punctuation, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
