"""Weight of the pages: HTML of each, and everything that a first visit loads, compressed as a server would."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import urlsplit

from benchmarks.browser import SITE, chromium, served
from benchmarks.rows import Row

# Compressed already: a server sends them as they are.
AS_THEY_ARE = (".woff", ".woff2", ".png", ".jpg", ".gif", ".gz")


def weight(path: str, body: bytes) -> int:
    """Bytes on the wire."""
    return len(body) if path.endswith(AS_THEY_ARE) else len(gzip.compress(body, 6))


def first_visit(browser: Any, address: str, page: str) -> tuple[int, int, int]:
    """(bytes on the wire, requests, requests to other hosts) of a visit to one page with an empty cache."""
    context = browser.new_context()
    visit = context.new_page()
    responses: list[Any] = []
    elsewhere: list[str] = []
    host = urlsplit(address).netloc
    visit.on("request", lambda r: elsewhere.append(r.url) if urlsplit(r.url).netloc not in (host, "") else None)
    visit.on("response", lambda r: responses.append(r))  # playwright cannot take a built-in method
    visit.goto(f"{address}/{page}", wait_until="networkidle")
    parts = [(urlsplit(r.url).path, r.body()) for r in responses if r.status == 200]
    context.close()
    return sum(weight(*part) for part in parts), len(parts), len(elsewhere)


def measure() -> list[Row]:
    """Every page's HTML and first visit."""
    pages = ["intro.html", *(f"chapters/{path.name}" for path in sorted((SITE / "chapters").glob("*.html")))]
    rows = []
    with served() as address, chromium() as browser:
        for page in (page for page in pages if (SITE / page).is_file()):
            html = weight(page, (SITE / page).read_bytes())
            total, requests, elsewhere = first_visit(browser, address, page)
            rows.append(Row("page weight", f"{page}: HTML, gzip", html / 1000, "kB"))
            what = f"{page}: first visit, gzip, {requests} requests"
            rows.append(Row("page weight", what, total / 1000, "kB", "900 (reach for 400)"))
            rows.append(Row("page weight", f"{page}: requests to other hosts", elsewhere, "", "0"))
    return rows
