"""Fold boxes with `:class: dropdown` (the solutions) as a native `<details>`.

The theme's script would fold them when the page already stands: the text below jumps, and what is folded has been laid
out, formulas and all. A closed `<details>` costs the browser nothing, and opens without JavaScript.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


class folded_box(nodes.General, nodes.Element):
    """A box that opens on a click; its first child is the bar."""


class fold_bar(nodes.Part, nodes.TextElement):
    """The title of a folded box."""


def visit_folded_box(self: Any, node: nodes.Element) -> None:
    self.body.append(self.starttag(node, "details", CLASS="admonition folded"))


def depart_folded_box(self: Any, node: nodes.Element) -> None:
    self.body.append("</details>\n")


def visit_fold_bar(self: Any, node: nodes.Element) -> None:
    self.body.append('<summary class="admonition-title">')


def depart_fold_bar(self: Any, node: nodes.Element) -> None:
    self.body.append("</summary>\n")


def is_folded(node: nodes.Node) -> bool:
    """A box that asks for folding and has a title to click on."""
    classes = node.get("classes", ()) if isinstance(node, nodes.Element) else ()
    return "dropdown" in classes and bool(node.children) and isinstance(node.children[0], nodes.title)


def fold(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """After the export of the notebook, which folds in its own way."""
    if app.builder.format != "html":
        return
    for box in list(doctree.findall(is_folded)):
        title, *rest = box.children
        classes = [one for one in box["classes"] if one not in ("admonition", "dropdown")]
        if box.tagname == "solution_node":
            classes.append("solution")
        folded = folded_box("", fold_bar("", "", *title.children), *rest, ids=box["ids"], classes=classes)
        box.parent.replace(box, folded)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(folded_box, html=(visit_folded_box, depart_folded_box))
    app.add_node(fold_bar, html=(visit_fold_bar, depart_fold_bar))
    app.connect("doctree-resolved", fold, priority=995)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
