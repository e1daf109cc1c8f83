"""The numbers that the page shows, looked up where the page gets them."""

from __future__ import annotations

from docutils import nodes
from sphinx.environment import BuildEnvironment


def dotted(parts: tuple[int, ...]) -> str:
    """(3, 1) as "3.1"."""
    return ".".join(map(str, parts))


def counter_number(env: BuildEnvironment, page: str, counter: str, ids: list[str]) -> str:
    """Number of a figure, table, theorem, exercise or equation ("displaymath"); empty without one."""
    numbers = env.toc_fignumbers.get(page, {}).get(counter, {})
    return next((dotted(tuple(numbers[one])) for one in ids if one in numbers), "")


def section_number(env: BuildEnvironment, page: str, section: nodes.section, is_chapter: bool) -> str:
    """Number of a chapter or section, as in its heading; empty in an unnumbered part."""
    numbers = env.toc_secnumbers.get(page, {})
    anchors = [""] if is_chapter else [f"#{one}" for one in section["ids"]]
    return next((dotted(tuple(numbers[one])) for one in anchors if numbers.get(one)), "")


def equation_number(env: BuildEnvironment, page: str, node: nodes.math_block) -> str:
    """Number of a displayed formula; empty without a label."""
    if not node.get("number"):
        return ""
    return counter_number(env, page, "displaymath", node["ids"]) or str(node["number"])
