"""Inline parts of a resolved document as Markdown text."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from docutils import nodes

SKIPPED = {"target", "index", "comment", "problematic", "pending", "system_message"}
PASSED = {"inline", "abbreviation", "title_reference", "generated", "download_reference", "number_reference", "symbol"}
WRAPPED = {"emphasis": "*", "strong": "**", "literal_emphasis": "*", "literal_strong": "**"}


class Inline:
    """Turns inline nodes into Markdown; what it does not know is noted in `problems`."""

    def __init__(self, page_url: str, problems: list[str]) -> None:
        self.page_url = page_url  # absolute address of the page: links in a notebook are absolute
        self.problems = problems

    def text(self, node: nodes.Element) -> str:
        """The children of `node`, on one line."""
        return "".join(self.one(child) for child in node.children)

    def one(self, node: nodes.Node) -> str:
        """One inline node."""
        name = type(node).__name__
        if isinstance(node, nodes.Text):
            return escape(re.sub(r"\s*\n\s*", " ", node.astext()))
        if isinstance(node, nodes.math):
            return f"${' '.join(node.astext().split())}$"
        if isinstance(node, nodes.literal):
            fence = "``" if "`" in node.astext() else "`"
            # A literal that only carries a reference's text ("Figure 3.1") is text, not code.
            return escape(node.astext()) if is_reference_text(node) else f"{fence}{node.astext()}{fence}"
        if isinstance(node, nodes.reference):
            return self.link(node)
        if name in WRAPPED:
            return f"{WRAPPED[name]}{self.text(node)}{WRAPPED[name]}"
        if name in ("superscript", "subscript"):
            tag = name[:3]
            return f"<{tag}>{self.text(node)}</{tag}>"
        if name == "footnote_reference":
            return f"<sup>[{node.astext()}]</sup>"
        if name == "image":
            return ""
        if name in PASSED:
            return self.text(node)
        if name in SKIPPED:
            return ""
        if name == "raw":
            return node.astext() if node.get("format") == "html" else ""
        self.problems.append(f"cannot write an inline {name} as Markdown: {node.astext()[:60]!r}")
        return escape(node.astext())

    def link(self, node: nodes.reference) -> str:
        """A link with an absolute address."""
        uri = node.get("refuri") or f"#{node.get('refid', '')}"
        text = self.text(node)
        space = " " if text.startswith(" ") else ""  # "Solution to" + " Exercise 3.1": the space goes before the link
        return f"{space}[{text.strip()}]({urljoin(self.page_url, uri)})"


def is_reference_text(node: nodes.literal) -> bool:
    """Sphinx puts the text of some references into literals."""
    return any(css in node["classes"] for css in ("std-numref", "std-ref", "xref", "eq"))


def escape(text: str) -> str:
    """Keep the signs of plain text from becoming Markdown."""
    return re.sub(r"([\\`*_$<])", r"\\\1", text)
