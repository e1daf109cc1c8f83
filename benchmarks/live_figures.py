"""Live figures: from a slider's event to the painted picture, at full speed and with the processor slowed down."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from benchmarks.browser import SITE, chromium, served
from benchmarks.rows import Row, quantile

PAGE = "chapters/03-limit.html"
MOVES = 120

# Painted: the first task after the next animation frame. The frame itself is waited for, as a reader waits for it.
MOVE = """
async (moves) => {
  const ranges = [...document.querySelectorAll('live-fig input[type=range]')];
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
async (moves) => {
  const times = [];
  const plain = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (step) => plain((now) => {
    const start = performance.now();
    step(now);
    times.push(performance.now() - start);
  });
  const ranges = [...document.querySelectorAll('live-fig input[type=range]')];
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


@contextlib.contextmanager
def figure_page() -> Iterator[Any]:
    """The built chapter with its live figure, sliders ready."""
    with served() as address, chromium() as browser:
        page = browser.new_page()
        page.goto(f"{address}/{PAGE}", wait_until="load")
        page.wait_for_selector("live-fig input[type=range]:enabled", state="attached")
        page.locator("live-fig").first.scroll_into_view_if_needed()
        yield page


def measure() -> list[Row]:
    """Median and 95th percentile, plain and at a quarter of the speed."""
    if not (SITE / PAGE).is_file():
        raise RuntimeError(f"{PAGE} is not built: run make book first")
    rows = []
    with figure_page() as page:
        session = page.context.new_cdp_session(page)
        for name, rate in (("plain", 1), ("4x throttle", 4)):
            session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
            page.evaluate(MOVE, 10)
            work = page.evaluate(WORK, MOVES)
            rows.append(Row("live figure", f"compute and rewrite, {name}, median", quantile(work, 0.5), "ms"))
            rows.append(Row("live figure", f"compute and rewrite, {name}, p95", quantile(work, 0.95), "ms"))
            times = page.evaluate(MOVE, MOVES)
            rows.append(Row("live figure", f"event to painted, {name}, median", quantile(times, 0.5), "ms"))
            rows.append(Row("live figure", f"event to painted, {name}, p95", quantile(times, 0.95), "ms", "16"))
    return rows
