"""Where a node stands in a page."""

from __future__ import annotations

from docutils import nodes


def is_inside(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    """Stands it in a node of one of these kinds?"""
    around = node.parent
    while around is not None and not isinstance(around, kinds):
        around = around.parent
    return around is not None
