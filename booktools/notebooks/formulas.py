"""Displayed mathematics as a notebook understands it."""

from __future__ import annotations

import re

INNER = {"align": "aligned", "gather": "gathered", "equation": "", "multline": "gathered", "eqnarray": "aligned"}


def display(source: str, number: str, on_one_line: bool) -> str:
    """`$$ ... \\tag{2.2} $$`. On one line inside a quote or list, where a line break would end the formula."""
    body = plain(source)
    tag = f" \\tag{{{number}}}" if number else ""
    if on_one_line:
        return f"$$ {' '.join((body + tag).split())} $$"
    return f"$$\n{body}{tag}\n$$"


def plain(source: str) -> str:
    """Without blank lines, labels and numbering environments; several lines aligned as on the page."""
    body = re.sub(r"\\label\{[^}]*\}", "", source).strip()
    body = re.sub(r"^%.*$", "", body, flags=re.MULTILINE)
    found = re.fullmatch(r"\\begin\{(\w+)\*?\}(.*)\\end\{\1\*?\}", body, re.DOTALL)
    if found and found.group(1) in INNER:
        inner = INNER[found.group(1)]
        body = found.group(2).strip()
        body = f"\\begin{{{inner}}}\n{body}\n\\end{{{inner}}}" if inner else body
    parts = [part.strip() for part in re.split(r"\n\s*\n", body) if part.strip()]
    if len(parts) > 1:
        return "\\begin{gathered}\n" + " \\\\\n".join(split(part) for part in parts) + "\n\\end{gathered}"
    return split(parts[0]) if parts else ""


def split(part: str) -> str:
    """Lines broken with `\\\\` outside any environment need one."""
    outside = re.sub(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", "", part, flags=re.DOTALL)
    return f"\\begin{{split}}\n{part}\n\\end{{split}}" if "\\\\" in outside else part
