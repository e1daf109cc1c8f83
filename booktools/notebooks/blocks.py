"""Block parts of a resolved document as Markdown text. What holds code cells is `cells.py`'s business."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

from booktools.notebooks.formulas import display
from booktools.notebooks.inline import Inline
from booktools.notebooks.numbers import counter_number, equation_number
from booktools.notebooks.tables import table

SKIPPED = {
    "comment", "target", "index", "substitution_definition", "meta", "toctree", "pending", "system_message",
    "docinfo", "field_list", "todo_node", "colspec", "transition",
}  # fmt: skip
ADMONITIONS = {"note", "warning", "tip", "important", "caution", "hint", "attention", "danger", "error", "seealso"}


class Blocks:
    """Turns block nodes of one page into Markdown; what it does not know is noted in `problems`."""

    def __init__(self, app: Sphinx, page: str, pages_url: str) -> None:
        self.app = app
        self.env = app.env
        self.page = page
        self.pages_url = pages_url
        self.page_url = pages_url + app.builder.get_target_uri(page)
        self.problems: list[str] = []
        self.inline = Inline(self.page_url, self.problems)
        self.nested = 0  # > 0 inside quotes and lists, where a formula stands on one line

    def many(self, children: list[nodes.Node]) -> str:
        """Blocks with an empty line between them."""
        return "\n\n".join(text for text in map(self.one, children) if text)

    def one(self, node: nodes.Node) -> str:
        """One block."""
        name = type(node).__name__
        if name in SKIPPED or (isinstance(node, nodes.Text) and not node.astext().strip()):
            return ""
        if name in ADMONITIONS:
            return self.quote(name.title() if name != "seealso" else "See also", node.children)
        method = getattr(self, f"block_{name}", None)
        if method is not None:
            return method(node)
        if node.get("realtype") if isinstance(node, nodes.Element) else None:
            return self.statement(node)
        if isinstance(node, nodes.Inline | nodes.Text):
            return self.inline.one(node)
        self.problems.append(f"cannot write a {name} as Markdown: {node.astext()[:60]!r}")
        return ""

    def block_paragraph(self, node: nodes.paragraph) -> str:
        """A paragraph; one that holds a displayed formula falls into parts."""
        parts, line = [], nodes.inline()
        for child in node.children:
            if isinstance(child, nodes.math_block):
                parts += [self.inline.text(line), self.block_math_block(child)]
                line = nodes.inline()
            else:
                line.children.append(child)
        return "\n\n".join(text for text in [*parts, self.inline.text(line)] if text.strip())

    block_caption = block_paragraph

    def block_rubric(self, node: nodes.rubric) -> str:
        return f"**{self.inline.text(node)}**"

    def block_math_block(self, node: nodes.math_block) -> str:
        return display(node.astext(), equation_number(self.env, self.page, node), self.nested > 0)

    def block_literal_block(self, node: nodes.literal_block) -> str:
        language = node.get("language", "")
        return f"```{'' if language in ('none', 'default') else language}\n{node.astext()}\n```"

    def block_bullet_list(self, node: nodes.bullet_list) -> str:
        return self.items(node, ["- "] * len(node.children))

    def block_enumerated_list(self, node: nodes.enumerated_list) -> str:
        first = node.get("start", 1)
        return self.items(node, [f"{first + i}. " for i in range(len(node.children))])

    def items(self, node: nodes.Element, marks: list[str]) -> str:
        """List items, what follows the first line indented."""
        lines = []
        for mark, item in zip(marks, node.children, strict=True):
            lines.append(mark + indent(self.inside(item.children), " " * len(mark)).lstrip())
        return "\n".join(lines)

    def block_definition_list(self, node: nodes.definition_list) -> str:
        out = []
        for item in node.children:
            for part in item.children:
                is_term = isinstance(part, nodes.term)
                out.append(f"**{self.inline.text(part)}**" if is_term else self.many(part.children))
        return "\n\n".join(out)

    def block_block_quote(self, node: nodes.block_quote) -> str:
        return indent(self.inside(node.children), "> ", empty=">")

    def block_attribution(self, node: nodes.Element) -> str:
        return f"-- {self.inline.text(node)}"

    def block_table(self, node: nodes.table) -> str:
        number = counter_number(self.env, self.page, "table", node["ids"])
        return table(node, number, self.inline, self.inside)

    def block_image(self, node: nodes.image) -> str:
        name = self.app.builder.images.get(node["uri"], node["uri"])
        return f"![{node.get('alt', '')}]({self.pages_url}_images/{name})"

    def block_figure(self, node: nodes.figure) -> str:
        """A figure from a file, or the caption below a code cell that draws one."""
        number = counter_number(self.env, self.page, "figure", node["ids"])
        parts = []
        for child in node.children:
            if isinstance(child, nodes.caption):
                parts.append(f"**Figure {number}.** {self.inline.text(child)}".replace("**Figure .** ", ""))
            elif isinstance(child, nodes.image | nodes.legend):
                parts.append(self.one(child))
        return "\n\n".join(parts)

    def block_legend(self, node: nodes.legend) -> str:
        return self.many(node.children)

    def block_container(self, node: nodes.container) -> str:
        return self.many(node.children)

    block_compound = block_container

    def block_footnote(self, node: nodes.footnote) -> str:
        label, *rest = node.children
        return f"<sup>[{label.astext()}]</sup> {self.inside(rest)}"

    def block_raw(self, node: nodes.raw) -> str:
        return node.astext().strip() if node.get("format") == "html" else ""

    def block_admonition(self, node: nodes.admonition) -> str:
        title, *rest = node.children
        if not isinstance(title, nodes.title):
            return self.quote("", node.children)
        if "dropdown" in node["classes"]:
            return self.details(title.astext(), rest)
        return self.quote(self.inline.text(title), rest)

    def block_proof_node(self, node: nodes.Element) -> str:
        return self.many(node.children[0].children) + " $\\square$"

    def block_folded_proof(self, node: nodes.Element) -> str:
        return self.details("Proof", node.children)

    def block_section(self, node: nodes.section) -> str:
        """Inside theorems, exercises and solutions: a mere wrapper."""
        return self.many([child for child in node.children if not isinstance(child, nodes.title)])

    def block_exercise_enumerable_node(self, node: nodes.Element) -> str:
        title, *rest = node.children
        number = counter_number(self.env, self.page, "exercise", node["ids"])
        return self.quote(f"Exercise {number}{self.inline.text(title)}", rest)

    def block_exercise_node(self, node: nodes.Element) -> str:
        title, *rest = node.children
        return self.quote(self.inline.text(title), rest)

    def block_solution_node(self, node: nodes.Element) -> str:
        title, *rest = node.children
        return self.details(title.astext(), rest)

    def statement(self, node: nodes.Element) -> str:
        """A theorem, definition, example: kind, number and title, then the text."""
        title, *rest = node.children
        number = counter_number(self.env, self.page, node["countertype"], node["ids"])
        return self.quote(f"{node['realtype'].title()} {number}{self.inline.text(title)}", rest)

    def quote(self, title: str, children: list[nodes.Node]) -> str:
        """A quote with a bold first line."""
        body = self.inside(children)
        head = f"**{title.strip()}**" if title else ""
        return indent("\n\n".join(part for part in (head, body) if part), "> ", empty=">")

    def details(self, summary: str, children: list[nodes.Node]) -> str:
        """A part that opens on a click."""
        return details(summary, self.many(children))

    def inside(self, children: list[nodes.Node]) -> str:
        """Blocks inside a quote, list item or cell."""
        self.nested += 1
        try:
            return self.many(children)
        finally:
            self.nested -= 1


def details(summary: str, text: str) -> str:
    """A part that opens on a click. The summary is HTML: it renders no Markdown."""
    return f"<details>\n<summary>{escape_html(summary)}</summary>\n\n{text}\n\n</details>"


def indent(text: str, prefix: str, empty: str = "") -> str:
    """Put `prefix` before each line, `empty` in place of empty ones."""
    return "\n".join(prefix + line if line else empty for line in text.split("\n"))


def escape_html(text: str) -> str:
    """Plain text inside HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
