"""Live figures: from a slider's event to the painted picture, at full speed and with the processor slowed down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.browser import SITE, served
from benchmarks.rows import Row, quantile
from booktools.browser import chromium

MOVES = 60
READY = "live-fig input[type=range]:enabled"

# Painted: the first task after the next animation frame. The frame itself is waited for, as a reader waits for it.
MOVE = """
async ([moves, which]) => {
  const ranges = [...document.querySelectorAll('live-fig')[which].querySelectorAll('input[type=range]')];
  const times = [];
  for (let i = 0; i < moves; i++) {
    const range = ranges[i % ranges.length];
    const [low, high] = [Number(range.min), Number(range.max)];
    range.value = low + (high - low) * ((i * 0.37) % 1);
    // Begin anywhere between two frames, as events do.
    await new Promise((go) => setTimeout(go, 20 + (i * 7) % 17));
    const start = performance.now();
    range.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((painted) => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = painted;
      channel.port2.postMessage(0);
    }));
    times.push(performance.now() - start);
  }
  return times;
}
"""

# The work alone: what the figure does in its animation frame, closed form and rewriting of the paths.
WORK = """
async ([moves, which]) => {
  const times = [];
  const plain = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (step) => plain((now) => {
    const start = performance.now();
    step(now);
    times.push(performance.now() - start);
  });
  const ranges = [...document.querySelectorAll('live-fig')[which].querySelectorAll('input[type=range]')];
  for (let i = 0; i < moves; i++) {
    const range = ranges[i % ranges.length];
    const [low, high] = [Number(range.min), Number(range.max)];
    range.value = low + (high - low) * ((i * 0.37) % 1);
    range.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((drawn) => plain(() => plain(drawn)));
  }
  window.requestAnimationFrame = plain;
  return times;
}
"""


def pages_with_figures(site: Path) -> list[str]:
    """The pages that hold a live figure."""
    found = [path for path in sorted(site.rglob("*.html")) if "<live-fig" in path.read_text(encoding="utf-8")]
    return [path.relative_to(site).as_posix() for path in found]


def figure_rows(page: Any, session: Any, where: str, which: int) -> list[Row]:
    """One figure: at full speed, and at a quarter of it."""
    page.locator("live-fig").nth(which).scroll_into_view_if_needed()
    rows = []
    for speed, rate in (("plain", 1), ("4x throttle", 4)):
        session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        page.evaluate(MOVE, [5, which])
        work = page.evaluate(WORK, [MOVES, which])
        rows.append(Row("live figures", f"{where}: compute and rewrite, {speed}, median", quantile(work, 0.5), "ms"))
        rows.append(Row("live figures", f"{where}: compute and rewrite, {speed}, p95", quantile(work, 0.95), "ms"))
        times = page.evaluate(MOVE, [MOVES, which])
        rows.append(Row("live figures", f"{where}: event to painted, {speed}, median", quantile(times, 0.5), "ms"))
        rows.append(Row("live figures", f"{where}: event to painted, {speed}, p95", quantile(times, 0.95), "ms", "16"))
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return rows


def measure(site: Path = SITE) -> list[Row]:
    """Median and 95th percentile for every live figure of the book."""
    rows = []
    with served(site) as address, chromium() as browser:
        for name in pages_with_figures(site):
            page = browser.new_page()
            session = page.context.new_cdp_session(page)
            page.goto(f"{address}{name}", wait_until="load")
            page.wait_for_selector(READY, state="attached")
            models = page.evaluate("[...document.querySelectorAll('live-fig')].map(figure => figure.spec.model)")
            for which, model in enumerate(models):
                if page.locator("live-fig").nth(which).locator("input[type=range]").count():
                    rows += figure_rows(page, session, f"{model} ({name})", which)
            page.close()
    return rows
