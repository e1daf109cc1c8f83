"""The printed book: which pages in which order, and where its links lead. Printing itself needs a built book."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link

from booktools.pdf import join, pages_in_order

ROOT = Path(__file__).resolve().parent.parent
HERE, THERE = "http://127.0.0.1:1/", "https://example.org/book/"


def test_the_pages_come_in_the_order_of_the_contents() -> None:
    pages = pages_in_order(ROOT)
    assert pages[0] == "intro"
    assert [page for page in pages if page.startswith("chapters/")] == sorted(
        f"chapters/{path.stem}" for path in (ROOT / "chapters").glob("*.md")
    )
    assert all((ROOT / f"{page}.md").is_file() for page in pages)


def one_page(uri: str) -> bytes:
    """A page with a link."""
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_annotation(0, Link(rect=(0, 0, 10, 10), url=uri))
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("uri", "target"),
    [(f"{HERE}a.html#b", f"{THERE}a.html#b"), ("https://example.com/", "https://example.com/")],
)
def test_links_lead_to_the_published_book(uri: str, target: str) -> None:
    parts = iter([("One", one_page(uri)), ("Two", one_page(uri))])
    whole = PdfReader(io.BytesIO(join(parts, HERE, THERE)))
    assert [entry.title for entry in whole.outline] == ["One", "Two"]
    assert [page["/Annots"][0].get_object()["/A"]["/URI"] for page in whole.pages] == [target] * 2
