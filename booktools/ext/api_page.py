"""`{api-reference}`: all public names of the library with signature and docstring, module by module.

The docstrings are plain text with mathematics in ASCII; they are shown as they are written, so that the page and
`help(name)` say the same.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class ApiReference(SphinxDirective):
    """The argument names the package."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        library = str(Path(self.env.srcdir) / "lib")
        if library not in sys.path:
            sys.path.insert(0, library)
        package = importlib.import_module(self.arguments[0])
        out: list[nodes.Node] = []
        for module, names in by_module(package).items():
            out.append(nodes.rubric("", "", nodes.literal(text=module)))
            out += [entry(name, getattr(package, name)) for name in names]
        return out


def by_module(package: Any) -> dict[str, list[str]]:
    """The public names, under the module that defines them, in alphabetical order."""
    groups: dict[str, list[str]] = {}
    public = getattr(package, "__all__", None) or [
        name for name, value in vars(package).items() if not name.startswith("_") and not inspect.ismodule(value)
    ]
    for name in sorted(public, key=str.lower):
        value = getattr(package, name)
        if not callable(value):  # a table of colours says nothing here
            continue
        groups.setdefault(getattr(value, "__module__", package.__name__), []).append(name)
    return dict(sorted(groups.items()))


def entry(name: str, value: Any) -> nodes.definition_list:
    """One name; a class with its public methods below it."""
    body = nodes.definition("", docstring(value))
    if inspect.isclass(value):
        body += [entry(member, method) for member, method in public_methods(value)]
    term = nodes.term("", "", nodes.literal(text=f"{name}{signature(value)}"))
    return nodes.definition_list("", nodes.definition_list_item("", term, body), classes=["api-entry"])


class Bare(str):
    """An annotation that shows without quotes."""

    def __repr__(self) -> str:
        return str(self)


def signature(value: Any) -> str:
    """How it is called; annotations as they stand in the source, no `self`."""
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    parameters = [
        one.replace(annotation=Bare(one.annotation)) if isinstance(one.annotation, str) else one
        for one in found.parameters.values()
        if one.name not in ("self", "cls")
    ]
    result = found.return_annotation
    bare = Bare(result) if isinstance(result, str) and not inspect.isclass(value) else inspect.Signature.empty
    return str(found.replace(parameters=parameters, return_annotation=bare))


def public_methods(value: type) -> list[tuple[str, Any]]:
    """Documented methods: the class's own, then those that it inherits from classes of the same package."""
    package = value.__module__.split(".")[0]
    found: dict[str, Any] = {}
    for base in value.__mro__:
        for name, member in vars(base).items() if base.__module__.split(".")[0] == package else ():
            function = getattr(member, "__func__", member)
            if not name.startswith("_") and inspect.isfunction(function) and function.__doc__:
                found.setdefault(name, function)
    return list(found.items())


def docstring(value: Any) -> nodes.Node:
    """The docstring, line for line."""
    text = inspect.getdoc(value) or ""
    block = nodes.literal_block(text, text, classes=["api-text"])
    block["language"] = "none"
    return block


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("api-reference", ApiReference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
