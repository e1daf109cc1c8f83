"""The fenced directives of a MyST page: name, argument, options, body and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

HEAD = re.compile(r"^\{([\w:-]+)\}\s*(.*)$")
OPTION = re.compile(r"^:([\w-]+):\s*(.*)$")


@dataclass(frozen=True)
class Block:
    """One directive as it stands in the source."""

    name: str
    argument: str
    body: str
    where: str  # "chapters/04-low-pass.md:1122"
    options: dict[str, str] = field(default_factory=dict)


def read_blocks(path: Path) -> Iterator[Block]:
    """The directives of a page in their order. Those inside other directives are part of the outer one's body."""
    for token in MarkdownIt("commonmark").parse(path.read_text(encoding="utf-8")):
        head = HEAD.match(token.info.strip()) if token.type == "fence" else None
        if head is None or token.map is None:
            continue
        options, body = split_options(token.content)
        where = f"{path.parent.name}/{path.name}:{token.map[0] + 1}"
        yield Block(head.group(1), head.group(2).strip(), body, where, options)


def split_options(content: str) -> tuple[dict[str, str], str]:
    """The lines `:key: value` at the head of a directive, and the rest."""
    lines = content.split("\n")
    options = {}
    while lines and (found := OPTION.match(lines[0])):
        options[found.group(1)] = found.group(2).strip()
        lines.pop(0)
    return options, "\n".join(lines).strip("\n")
