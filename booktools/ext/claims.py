"""Every numbered claim is tested: collect the claims, hold them against the tests, make the Claims page.

A claim is a `prf:theorem`, `prf:proposition`, `prf:corollary` or `prf:lemma`. It must have a label with the right
prefix, a comment `% source: ...` in or right after it, and a test with `@pytest.mark.claim(label)` and `@against(...)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from booktools.claim_marks import ClaimTest, read_claim_marks
from booktools.ext.claims_table import build_table, claims_table

logger = logging.getLogger(__name__)

PREFIXES = {"theorem": "thm-", "proposition": "prop-", "corollary": "cor-", "lemma": "lem-"}


@dataclass(frozen=True)
class Claim:
    """A numbered statement of the book, as its chapter gives it."""

    label: str
    kind: str  # theorem, proposition, corollary, lemma
    title: str
    page: str
    source: str  # "ours", or the paper; empty where the chapter forgot to say
    line: int | None


class Notes:
    """What is remembered between reading and writing; kept in Sphinx's environment."""

    def __init__(self) -> None:
        self.claims: dict[str, Claim] = {}  # by label
        self.tests: list[ClaimTest] = []
        self.pages: set[str] = set()  # those with a claims table


def notes_of(env: Any) -> Notes:
    """The notes of this build."""
    if not hasattr(env, "echolimit_notes"):
        env.echolimit_notes = Notes()
    return env.echolimit_notes


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """After a page is read: note its claims."""
    page = app.env.docname
    for node in doctree.findall(nodes.Admonition):
        kind = node.get("realtype") if isinstance(node, nodes.Element) else None
        if kind not in PREFIXES:
            continue
        label = node["label"]
        place = (page, node.line)
        if not label.startswith(PREFIXES[kind]):
            warn(f"a {kind} needs a label that begins with {PREFIXES[kind]!r}, got {label!r}", place)
        title = node["title"].strip().removeprefix("(").removesuffix(")")
        source = source_of(node)
        if not source:
            warn(f"claim {label} does not say whose it is: put '% source: ours' or the paper into it", place)
        notes_of(app.env).claims[label] = Claim(label, kind, title, page, source, node.line)


def source_of(node: nodes.Element) -> str:
    """What the comment `% source: ...` in or right after a claim says; empty without one."""
    inside = list(node.findall(nodes.comment))
    following = node.parent.children[node.parent.index(node) + 1 :][:1] if node.parent else []
    for comment in [*inside, *(n for n in following if isinstance(n, nodes.comment))]:
        found = re.search(r"^\s*source:\s*(\S.*?)\s*$", comment.astext(), re.MULTILINE)
        if found:
            return found.group(1)
    return ""


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """After all pages are read: a claim without a test, a mark without a claim, a test without a control."""
    claims = notes_of(env).claims
    tests, bad = read_claim_marks(Path(app.srcdir))
    for mark in bad:
        warn(f"{mark.path}:{mark.line}: a claim mark stands on a function and holds literal labels", None)
    tested = {test.label for test in tests}
    for claim in claims.values():
        if claim.label not in tested:
            warn(f'no test bears @pytest.mark.claim("{claim.label}")', (claim.page, claim.line))
    for test in tests:
        where = f"{test.path}:{test.line}: {test.function}"
        if test.label not in claims:
            warn(f"{where} is marked with {test.label!r}, which no chapter states", None)
        if not test.has_control:
            warn(f"{where} tests {test.label} but has no @against(...): was it ever seen to fail?", None)
    notes_of(env).tests = tests


def warn(message: str, place: tuple[str, int | None] | None) -> None:
    """A Sphinx warning, which fails the build."""
    logger.warning("claims: %s", message, type="echolimit", subtype="claims", location=place)


def forget(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Before a page is read again, or when it is gone."""
    notes = notes_of(env)
    notes.claims = {label: claim for label, claim in notes.claims.items() if claim.page != page}
    notes.pages.discard(page)


def merge(app: Sphinx, env: BuildEnvironment, pages: list[str], other: BuildEnvironment) -> None:
    """Take over what a parallel reader found."""
    theirs = notes_of(other)
    notes_of(env).claims.update({k: c for k, c in theirs.claims.items() if c.page in pages})
    notes_of(env).pages.update(theirs.pages & set(pages))


class ClaimsTable(SphinxDirective):
    """`{claims-table}`: where the table of all claims goes."""

    def run(self) -> list[nodes.Node]:
        notes_of(self.env).pages.add(self.env.docname)
        return [claims_table()]


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> set[str]:
    """The Claims page is written anew in every build: it depends on all other pages and on the tests."""
    return notes_of(env).pages & set(env.found_docs)


def fill_tables(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Replace the placeholder by the table; all numbers are known now."""
    for node in list(doctree.findall(claims_table)):
        notes = notes_of(app.env)
        table = build_table(app, page, list(notes.claims.values()), notes.tests)
        node.replace_self(table)
        if any(table.findall(nodes.math)):  # Sphinx looked for formulas before there was a table
            app.env.get_domain("math").data["has_equations"][page] = True


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(claims_table)
    app.add_directive("claims-table", ClaimsTable)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("doctree-read", collect)
    app.connect("env-updated", pages_to_write)
    app.connect("env-check-consistency", check)
    app.connect("doctree-resolved", fill_tables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
