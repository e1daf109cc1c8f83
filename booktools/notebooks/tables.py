"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Callable

from docutils import nodes

from booktools.notebooks.inline import Inline


def table(
    node: nodes.table, number: str, inline: Inline, write_cell: Callable[[list[nodes.Node]], str]
) -> str:
    """A Markdown table, its caption below it; cells are put on one line each."""
    rows = [
        [one_line(write_cell(entry.children)) for entry in row.findall(nodes.entry)]
        for row in node.findall(nodes.row)
    ]
    if not rows:
        return ""
    if not list(node.findall(nodes.thead)):
        rows.insert(0, [""] * len(rows[0]))  # Markdown knows no table without a head
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    title = next(iter(node.findall(nodes.title)), None)
    if title is None:
        return text
    caption = inline.text(title)
    return f"{text}\n\n**Table {number}.** {caption}" if number else f"{text}\n\n{caption}"


def one_line(text: str) -> str:
    """Line breaks end a table's row, bars end its cell: `\\vert` is a bar in a formula."""
    pieces = text.replace("\n\n", "<br>").replace("\n", " ").split("$")
    for i, piece in enumerate(pieces):
        pieces[i] = piece.replace("|", "\\vert " if i % 2 else "\\|")
    return "$".join(pieces)
