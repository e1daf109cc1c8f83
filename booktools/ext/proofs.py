"""Fold `{prf:proof}` with `:class: dropdown` as a native `<details>`, and mend what sphinx-proof leaves.

sphinx-proof puts a proof into an admonition without a title, and the toggle button needs a title to fold. It also gives
every statement's body the id "proof-content" (sphinx-exercise: "exercise-content"), and an id may stand once on a page.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_proof.nodes import proof_node

REPEATED_IDS = {"proof-content", "exercise-content", "solution-content", "proof"}


class folded_proof(nodes.General, nodes.Element):
    """A proof that opens on a click."""


def visit_folded_proof(self: Any, node: nodes.Element) -> None:
    self.body.append('<details class="folded-proof admonition"><summary>Proof</summary>\n')


def depart_folded_proof(self: Any, node: nodes.Element) -> None:
    self.body.append("</details>\n")


def mend(app: Sphinx, doctree: nodes.document) -> None:
    """Fold the proofs that ask for it, set the word in the others in italics."""
    for proof in list(doctree.findall(proof_node)):
        box = proof.children[0]
        is_folded = "dropdown" in box["classes"]
        take_the_word_proof(box, drop=is_folded)
        if is_folded:
            folded = folded_proof("", *box.children)
            folded.source, folded.line = proof.source, proof.line
            proof.replace_self(folded)


def drop_repeated_ids(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Only after the sections are numbered: Sphinx needs the ids for that."""
    for node in doctree.findall(lambda n: isinstance(n, nodes.section | nodes.admonition)):
        node["ids"] = [one for one in node["ids"] if one not in REPEATED_IDS]


def unlink_folded_titles(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """The bar of a folded solution opens it: a link in the bar ("Exercise 3.1", just above) would lead away instead."""
    for title in doctree.findall(nodes.title):
        if "dropdown" in title.parent.get("classes", ()):
            for link in list(title.findall(nodes.reference)):
                link.parent.replace(link, link.children)


def take_the_word_proof(box: nodes.Element, drop: bool) -> None:
    """sphinx-proof writes "Proof. " before the first word. Drop it under a summary, else set it in italics."""
    for text in box.findall(nodes.Text):
        if text.astext().startswith("Proof. "):
            word = [] if drop else [nodes.emphasis(text="Proof."), nodes.Text(" ")]
            text.parent.replace(text, [*word, nodes.Text(text.astext().removeprefix("Proof. "))])
        return


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(folded_proof, html=(visit_folded_proof, depart_folded_proof))
    app.connect("doctree-read", mend)
    app.connect("doctree-resolved", drop_repeated_ids)
    app.connect("doctree-resolved", unlink_folded_titles, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
