"""Which names of the library a page's code uses: read from its source, without running or importing anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

FENCE = re.compile(r"^(`{3,})(\{code-cell\}[^\n]*|python)\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
CELL_OPTIONS = re.compile(r"\A(?:---\n.*?^---\n|(?::[\w-]+:[^\n]*\n)+)", re.MULTILINE | re.DOTALL)
PACKAGE = "echolimit"


@dataclass
class Names:
    """What the code of one page says of the library."""

    direct: set[str] = field(default_factory=set)  # imported under their own name, and never bound to something else
    modules: set[str] = field(default_factory=set)  # "el", of `import echolimit as el`
    used: set[str] = field(default_factory=set)  # names of the library that the code reads


def read_names(text: str) -> Names:
    """The names of a page's MyST source."""
    names, bound = Names(), set()
    trees = [tree for code in code_of(text) if (tree := parsed(code)) is not None]
    walked = [node for tree in trees for node in ast.walk(tree)]
    for node in walked:
        if isinstance(node, ast.ImportFrom) and is_ours(node.module):
            names.direct |= {one.name for one in node.names if one.asname in (None, one.name)}
        elif isinstance(node, ast.Import):
            names.modules |= {one.asname or one.name for one in node.names if is_ours(one.name)}
        bound |= set(bindings(node))
    names.direct -= bound
    for node in walked:
        if isinstance(node, ast.Name) and node.id in names.direct:
            names.used.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names.modules:
            names.used.add(node.attr)
    return names


def code_of(text: str) -> Iterator[str]:
    """The code cells and Python listings of a MyST text, without the options of the cells."""
    for found in FENCE.finditer(text):
        yield CELL_OPTIONS.sub("", found[3])


def parsed(code: str) -> ast.Module | None:
    """The syntax tree; None for what is no Python by itself (an extract, a magic of IPython)."""
    try:
        return ast.parse(code)
    except SyntaxError:
        return None


def is_ours(module: str | None) -> bool:
    """Is it the package or a module of it?"""
    return (module or "").split(".")[0] == PACKAGE


def bindings(node: ast.AST) -> Iterator[str]:
    """The names that a piece of code binds, apart from imports."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
