"""Punctuation stays beside its formula, and every other sign stays where it was."""

from __future__ import annotations

from docutils import nodes
from docutils.utils import new_document

from booktools.ext.tied_formulas import tie_punctuation


def tied(*parts: nodes.Node) -> str:
    """The paragraph after tying, with brackets around what does not break."""
    document = new_document("here")
    paragraph = nodes.paragraph("", "", *parts)
    document += paragraph
    tie_punctuation(None, document, "here")
    return "".join(f"[{one.astext()}]" if isinstance(one, nodes.inline) else one.astext() for one in paragraph.children)


def formula() -> nodes.math:
    return nodes.math("", "x")


def test_signs_around_a_formula_are_tied_to_it() -> None:
    assert tied(nodes.Text("so ("), formula(), nodes.Text("), and")) == "so [(x),] and"
    assert tied(formula(), nodes.Text(" and")) == "x and"


def test_the_same_sign_elsewhere_stays() -> None:
    """A full stop after a link, and one after the formula at the end of the paragraph."""
    link, end = nodes.reference("", "there"), nodes.Text(".")
    assert tied(link, nodes.Text("."), nodes.emphasis("", "We"), formula(), end) == "there.We[x.]"
