"""`{api-reference}`: all public names of the library with signature and docstring, module by module.

The docstrings are plain text with mathematics in ASCII; the page shows the words of `help(name)` as paragraphs, with
`names` and labels of claims ("prop-transfer") as links. Each name is an anchor: api-limit_law, api-Law.sample.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from booktools.ext.code_links import used_in

# Lines of a docstring that begin a thought of their own: what a parameter is, what is raised, where it is derived.
NEW_THOUGHT = re.compile(r"(Raises|Returns|Derived in) |[A-Za-z_*][\w*]*: ")
MARKED = re.compile(r"`([^`\n]+)`|\b((?:thm|prop|cor|lem)-[a-z0-9]+(?:-[a-z0-9]+)*)")


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
            out += [self.entry(name, getattr(package, name)) for name in names]
        return out

    def entry(self, name: str, value: Any, owner: str = "") -> nodes.definition_list:
        """One name; a class with its public methods below it."""
        anchor = f"api-{owner}{name}"
        # The name is its own link, to be copied from here; the anchor can be a target of {ref} and of Markdown links.
        link = nodes.reference("", "", nodes.literal(text=name), refid=anchor, internal=True)
        term = nodes.term("", "", link, nodes.literal(text=signature(value)), ids=[anchor], names=[anchor])
        self.state.document.note_explicit_target(term)
        body = nodes.definition("", *self.docstring(value))
        if not owner:
            body += used_in(name=name)
        if inspect.isclass(value):
            body += [self.entry(member, method, f"{name}.") for member, method in public_methods(value)]
        return nodes.definition_list("", nodes.definition_list_item("", term, body), classes=["api-entry"])

    def docstring(self, value: Any) -> list[nodes.Node]:
        """The docstring as paragraphs; what is indented stays line for line."""
        out: list[nodes.Node] = []
        for block in thoughts(inspect.getdoc(value) or ""):
            if block.startswith(" ") or "\n " in block:
                out.append(nodes.literal_block(block, block, language="none"))
            else:
                out.append(nodes.paragraph("", "", *self.inline(" ".join(block.split("\n")))))
        return out

    def inline(self, text: str) -> list[nodes.Node]:
        """Text with `names` as code and claim labels as links."""
        out: list[nodes.Node] = []
        end = 0
        for found in MARKED.finditer(text):
            out += [nodes.Text(text[end : found.start()]), self.marked(*found.groups())]
            end = found.end()
        return [*out, nodes.Text(text[end:])]

    def marked(self, code: str | None, label: str | None) -> nodes.Node:
        """One `name`, or one label; a label that no chapter states fails the build."""
        if label is None:
            return nodes.literal(text=code)
        kind = {"refdomain": "prf", "reftype": "ref", "refexplicit": False, "refwarn": True}
        claim = addnodes.pending_xref(label, reftarget=label, refdoc=self.env.docname, **kind)
        claim += nodes.inline(text=label)
        return claim


def thoughts(text: str) -> list[str]:
    """A docstring in parts, split at empty lines and before the lines that begin a thought."""
    parts: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        lines = block.split("\n")
        if any(line.startswith(" ") for line in lines):
            parts.append(block)
            continue
        current = [lines[0]]
        for line in lines[1:]:
            if NEW_THOUGHT.match(line):
                parts.append("\n".join(current))
                current = []
            current.append(line)
        parts.append("\n".join(current))
    return [part for part in parts if part.strip()]


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


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("api-reference", ApiReference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
