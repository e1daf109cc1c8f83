"""Print the built book into one PDF: `python -m booktools.pdf [--site DIR] [--out FILE]`.

A browser prints every page as a reader would, folded proofs and solutions open, code that the page folds away left
out, in the order of the contents; links from page to page lead to the published book. So figures and formulas are
those of the pages. (Sphinx's way through LaTeX would leave out every figure: they are drawings in HTML.)
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from booktools.browser import chromium, served
from booktools.repository import read_repository

PAPER: dict[str, Any] = {
    "format": "A4",
    "scale": 0.85,  # 10 points, a book's size
    "margin": {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"},
    "outline": True,
    "tagged": True,
}
PATIENCE = 300_000  # milliseconds for one page


def pages_in_order(source: Path) -> list[str]:
    """All pages of the contents: the first one, then those of each part."""
    toc = yaml.safe_load((source / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(one["file"] for part in toc["parts"] for one in part["chapters"])]


def print_pages(address: str, pages: list[str]) -> Iterator[tuple[str, bytes]]:
    """(title, PDF) of each page."""
    with chromium() as browser:
        page = browser.new_page(color_scheme="light")
        page.set_default_timeout(PATIENCE)
        for name in pages:
            page.goto(f"{address}{name}.html", wait_until="load")
            page.evaluate("async () => { await document.fonts.ready; }")
            page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
            yield page.title().split(" \u2014 ")[0], page.pdf(**PAPER)


def join(parts: Iterator[tuple[str, bytes]], address: str, published: str) -> bytes:
    """One PDF with an entry of the outline for each page; links to `address` become links to `published`."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
    for title, part in parts:
        writer.append(PdfReader(io.BytesIO(part)), outline_item=title)
    for page in writer.pages:
        for note in page.get("/Annots") or []:
            redirect(note.get_object().get("/A"), address, published)
    whole = io.BytesIO()
    writer.write(whole)
    return whole.getvalue()


def redirect(action: Any, address: str, published: str) -> None:
    """Change the target of one link."""
    from pypdf.generic import NameObject, TextStringObject

    uri = str(action.get("/URI", "")) if action is not None else ""
    if uri.startswith(address):
        action[NameObject("/URI")] = TextStringObject(published + uri.removeprefix(address))


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, print, say where it is."""
    parser = argparse.ArgumentParser(prog="python -m booktools.pdf", description=__doc__)
    parser.add_argument("--site", type=Path, default=Path("_build/html"), help="the built book (default: _build/html)")
    parser.add_argument("--out", type=Path, default=Path("_build/the-echo-limit.pdf"), help="the file to write")
    parser.add_argument("pages", nargs="*", help="pages to print, as in _toc.yml (default: all)")
    options = parser.parse_args(arguments)
    if not (options.site / "index.html").is_file():
        parser.error(f"{options.site} holds no built book: run make book first")
    pages = options.pages or pages_in_order(Path.cwd())
    with served(options.site) as address:
        options.out.write_bytes(join(print_pages(address, pages), address, read_repository(Path.cwd()).pages_url))
    print(f"{len(pages)} pages of the book are printed in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
