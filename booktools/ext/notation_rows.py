"""The rows of the notation appendix: which symbols each explains, and in which chapters they mean that.

A row is one of a table whose first column is headed "Symbol". It holds in one chapter where the heading above the table
ends in "(chapter 7)"; else from the first chapter that its last column names, everywhere where that is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from docutils import nodes

CHAPTER = re.compile(r"chapter (\d+)")


@dataclass(frozen=True)
class Row:
    """One row: its symbols as LaTeX, its anchor, its page, and where it holds."""

    symbols: tuple[str, ...]
    anchor: str
    page: str
    only: int | None  # the chapter outside of which the symbols mean something else
    first: int  # the chapter in which they come in

    def holds_in(self, chapter: int | None) -> bool:
        """In this chapter, or (None) on a page that is no chapter?"""
        if self.only is not None:
            return chapter == self.only
        return chapter is None or chapter >= self.first


def normal(formula: str) -> str:
    """LaTeX by which two formulas are compared: spaces count for nothing."""
    return "".join(formula.split())


def collect_rows(doctree: nodes.document, page: str) -> Iterator[Row]:
    """The rows of a page; each gets its anchor."""
    number = 0
    for table in doctree.findall(nodes.table):
        head = next(iter(table.findall(nodes.thead)), None)
        if head is None or not head.astext().startswith("Symbol"):
            continue
        only = chapter_of_heading(table)
        has_origin = "From" in head.astext().split()
        for row in next(iter(table.findall(nodes.tbody))).findall(nodes.row):
            number += 1
            row["ids"] = [f"symbol-{number}"]
            cells = list(row.findall(nodes.entry))
            symbols = tuple(normal(one.astext()) for one in cells[0].findall(nodes.math))
            origin = CHAPTER.search(cells[-1].astext()) if has_origin else None
            yield Row(symbols, f"symbol-{number}", page, only, int(origin[1]) if origin else 1)


def chapter_of_heading(table: nodes.table) -> int | None:
    """The chapter that the heading above a table names."""
    section = table.parent
    while section is not None and not isinstance(section, nodes.section):
        section = section.parent
    found = re.search(r"\(chapter (\d+)\)$", section.children[0].astext()) if section is not None else None
    return int(found[1]) if found else None


def rows_for(rows: list[Row], chapter: int | None) -> dict[str, list[Row]]:
    """What each symbol means in a chapter: its own rows go before those of the whole book."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        for symbol in row.symbols if row.holds_in(chapter) else ():
            found.setdefault(symbol, []).append(row)
    return {symbol: [row for row in all_ if row.only] or all_ for symbol, all_ in found.items()}
