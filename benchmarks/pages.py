"""The pages as a first visitor meets them: weight, requests, first paint, and how far the text jumps while it loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.browser import SITE, on_the_wire, served
from benchmarks.rows import Row, quantile
from booktools.browser import chromium

# A laptop on this machine's own network, and a middling phone: a quarter of the speed, 10 Mbit/s, 40 ms away.
DESK = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
MOBILE = {"offline": False, "latency": 40, "downloadThroughput": 10e6 / 8, "uploadThroughput": 5e6 / 8}

LONGEST = 300_000  # ms, for a visit on a busy machine

WATCH = """
window.__shift = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.__shift += one.value;
}).observe({ type: 'layout-shift', buffered: true });
"""
SETTLED = """async () => {
  await document.fonts.ready;
  await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  const settled = performance.now();
  await new Promise((go) => setTimeout(go, 300));
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  return { paint: paint ? paint.startTime : NaN, shift: window.__shift, settled };
}"""
MIDDLE = """() => {
  const all = document.querySelectorAll('article section[id]');
  return all[all.length >> 1]?.id ?? '';
}"""


def weight(path: str, body: bytes) -> int:
    """Bytes on the wire."""
    return len(on_the_wire(path, body))


def visit(browser: Any, address: str, page: str, slowly: bool = False) -> dict[str, Any]:
    """One visit with an empty cache: what came, from where, and the browser's own clock of it."""
    context = browser.new_context(**(PHONE if slowly else DESK))
    opened = context.new_page()
    opened.set_default_timeout(LONGEST)
    opened.add_init_script(WATCH)
    responses: list[Any] = []
    elsewhere: list[str] = []
    host = urlsplit(address).netloc
    opened.on("request", lambda r: elsewhere.append(r.url) if urlsplit(r.url).netloc not in (host, "") else None)
    opened.on("response", lambda r: responses.append(r))  # playwright cannot take a built-in method
    before = work_of(browser)
    if slowly:
        session = context.new_cdp_session(opened)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", MOBILE)
    opened.goto(f"{address}{page}", wait_until="networkidle")
    seen = opened.evaluate(SETTLED)
    seen["work"] = sum(time - before.get(one, 0.0) for one, time in work_of(browser).items())
    parts = [(urlsplit(r.url).path, r.body()) for r in responses if r.status == 200]
    seen |= {"wire": sum(weight(*part) for part in parts), "raw": sum(len(body) for _, body in parts)}
    seen |= {"requests": len(parts), "elsewhere": len(elsewhere), "middle": opened.evaluate(MIDDLE)}
    context.close()
    return seen


def work_of(browser: Any) -> dict[int, float]:
    """Milliseconds of processor time of each process of pages: unlike the clock, it does not count what others do."""
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return {one["id"]: 1000 * one["cpuTime"] for one in found if one["type"] == "renderer"}


def pages_of(site: Path) -> list[str]:
    """The pages that readers open; `index.html` only forwards."""
    found = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
    return [name for name in found if not name.startswith("_static/") and name != "index.html"]


def page_rows(browser: Any, address: str, site: Path, page: str) -> list[Row]:
    """All numbers of one page."""
    body = (site / page).read_bytes()
    desk = visit(browser, address, page)
    phone = visit(browser, address, page, slowly=True)
    linked = visit(browser, address, f"{page}#{desk['middle']}")
    numbers = [
        ("HTML, raw", len(body) / 1000, "kB", ""),
        ("HTML, gzip", weight(page, body) / 1000, "kB", ""),
        ("first visit, raw", desk["raw"] / 1000, "kB", ""),
        ("first visit, gzip", desk["wire"] / 1000, "kB", "900 (reach for 400)"),
        ("requests", desk["requests"], "", ""),
        ("requests to other hosts", desk["elsewhere"], "", "0"),
        ("first paint, desk", desk["paint"], "ms", ""),
        ("first paint, phone", phone["paint"], "ms", ""),
        ("formulas and fonts stand, desk", desk["settled"], "ms", ""),
        ("formulas and fonts stand, phone", phone["settled"], "ms", ""),
        ("processor time of the page's process, desk", desk["work"], "ms", ""),
        ("layout shift, desk", desk["shift"], "", "0.1"),
        ("layout shift, phone", phone["shift"], "", "0.1"),
        ("layout shift, opened at its middle", linked["shift"], "", "0.1"),
    ]
    return [Row("pages", f"{page}: {what}", value, unit, goal) for what, value, unit, goal in numbers]


def summary(rows: list[Row]) -> list[Row]:
    """Median and largest over the pages, number by number."""
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(row.what.split(": ")[1], []).append(row)
    out = []
    for what, same in kinds.items():
        values = [row.value for row in same]
        for word, share in (("median of the pages", 0.5), ("largest", 1.0)):
            out.append(Row("pages", f"{what}, {word}", quantile(values, share), same[0].unit, same[0].goal))
    return out


def measure(site: Path = SITE) -> list[Row]:
    """Every page, then what the pages have in common."""
    with served(site) as address, chromium() as browser:
        rows = [row for page in pages_of(site) for row in page_rows(browser, address, site, page)]
    return rows + summary(rows)
