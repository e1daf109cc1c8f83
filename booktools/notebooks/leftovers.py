"""Find what only MyST can read in an exported notebook."""

from __future__ import annotations

import re

from nbformat import NotebookNode

# Looked for at the beginning of a line.
LINES = {
    "a directive": re.compile(r"^[> ]*(`{3,}|~{3,}|:{3,})\s*\{", re.MULTILINE),
    "a colon fence": re.compile(r"^[> ]*:{3,}", re.MULTILINE),
    "an option of a directive": re.compile(r"^[> ]*:(label|class|name|nonumber|tags):", re.MULTILINE),
    "a MyST target": re.compile(r"^[> ]*\([\w-]+\)=\s*$", re.MULTILINE),
    "a MyST comment": re.compile(r"^[> ]*% ", re.MULTILINE),
}
PLAIN_FENCE = re.compile(r"^([> ]*)(`{3,})[\w+-]*\n.*?\n[> ]*\2\s*$", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
ROLE = re.compile(r"\{[a-zA-Z][\w:+.-]*\}$")


def find_leftovers(notebook: NotebookNode) -> list[str]:
    """One line for each left-over in the Markdown cells."""
    problems = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            problems += [f"{what} is left in Markdown cell {index}: {text!r}" for what, text in in_text(cell.source)]
    return problems


def in_text(source: str) -> list[tuple[str, str]]:
    """Left-overs in one text; code blocks may hold anything."""
    text = PLAIN_FENCE.sub("", source)
    found = [(name, hit.group(0).strip()) for name, pattern in LINES.items() for hit in pattern.finditer(text)]
    for span in CODE_SPAN.finditer(text):  # a role is a code span with its name right before it
        role = ROLE.search(text[: span.start()])
        if role:
            found.append(("a role", role.group(0) + span.group(0)))
    return found
