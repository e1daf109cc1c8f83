"""Draw the table of the Claims page: claim with number and link, chapter, source, tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.application import Sphinx

from booktools.claim_marks import ClaimTest

if TYPE_CHECKING:
    from booktools.ext.claims import Claim

COLUMNS = {"claim": 26, "source": 22, "tests": 52}


class claims_table(nodes.General, nodes.Element):
    """Placeholder for the table until all numbers are known."""


def number_of(env: Any, claim: Claim) -> tuple[int, ...]:
    """The number under which the page shows the claim, (3, 1) for 3.1."""
    counter = env.proof_list[claim.label]["countertype"]
    return tuple(env.toc_fignumbers.get(claim.page, {}).get(counter, {}).get(claim.label, ()))


def build_table(app: Sphinx, page: str, claims: list[Claim], tests: list[ClaimTest]) -> nodes.table:
    """One row a claim, in the order of the chapters and numbers."""
    rows = sorted(claims, key=lambda claim: (number_of(app.env, claim), claim.label))
    group = nodes.tgroup(cols=len(COLUMNS))
    group += [nodes.colspec(colwidth=width) for width in COLUMNS.values()]
    heading = nodes.row()
    heading += [nodes.entry("", nodes.paragraph(text=text)) for text in COLUMNS]
    group += nodes.thead("", heading)
    body = nodes.tbody()
    for claim in rows:
        row = nodes.row()
        row += nodes.entry("", claim_cell(app, page, claim), nodes.paragraph("", "", chapter_link(app, page, claim)))
        row += nodes.entry("", nodes.paragraph(text=claim.source))
        row += nodes.entry("", *test_cells([test for test in tests if test.label == claim.label]))
        body += row
    group += body
    return nodes.table("", group, classes=["claims-table"])


def claim_cell(app: Sphinx, page: str, claim: Claim) -> nodes.paragraph:
    """"Theorem 3.1: title", linked to the statement; formulas in the title stay formulas."""
    number = ".".join(map(str, number_of(app.env, claim)))
    uri = f"{app.builder.get_relative_uri(page, claim.page)}#{claim.label}"
    name = nodes.reference("", f"{claim.kind.title()} {number}".strip(), refuri=uri, internal=True)
    if not claim.title:
        return nodes.paragraph("", "", name)
    return nodes.paragraph("", "", name, nodes.Text(": "), *inline(claim.title))


def inline(text: str) -> list[nodes.Node]:
    """Text with $formulas$ as nodes."""
    parts = text.split("$")
    if len(parts) % 2 == 0:
        return [nodes.Text(text)]
    return [nodes.math("", part) if i % 2 else nodes.Text(part) for i, part in enumerate(parts) if part]


def chapter_link(app: Sphinx, page: str, claim: Claim) -> nodes.reference:
    """The chapter's number and title."""
    numbers = app.env.toc_secnumbers.get(claim.page, {}).get("", ())
    title = app.env.titles[claim.page].astext()
    text = f"{'.'.join(map(str, numbers))} {title}".strip()
    return nodes.reference("", text, refuri=app.builder.get_relative_uri(page, claim.page), internal=True)


def test_cells(tests: list[ClaimTest]) -> list[nodes.Node]:
    """Each file once, and below it what its tests say: the functions' names as sentences."""
    cells: list[nodes.Node] = []
    for path in dict.fromkeys(test.path for test in tests):
        sentences = [test.function.removeprefix("test_").replace("_", " ") for test in tests if test.path == path]
        cells.append(nodes.paragraph("", "", nodes.literal(text=str(path))))
        cells.append(nodes.bullet_list("", *[nodes.list_item("", nodes.paragraph(text=text)) for text in sentences]))
    return cells
