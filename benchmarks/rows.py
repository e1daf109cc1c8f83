"""One line of the table, and the clock that all topics use."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measured number. `goal` is what the book aims at, in words; empty when there is none."""

    topic: str
    what: str
    value: float
    unit: str
    goal: str = ""

    def record(self) -> dict[str, Any]:
        """The row as it stands in bench.json."""
        return asdict(self)


def seconds(run: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of one call, by the wall clock or another one."""
    start = clock()
    run()
    return clock() - start


def alternate(first: Callable[[], Any], second: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Best seconds of two calls, run in turn after one unmeasured call of each, so that both meet one machine."""
    best = in_turn([first, second], repeats)
    return best[0], best[1]


def in_turn(
    calls: Sequence[Callable[[], Any]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Best seconds of several calls, run round after round, after one unmeasured round."""
    return [min(column) for column in zip(*rounds_of(calls, repeats, clock), strict=True)]


def rounds_of(
    calls: Sequence[Callable[[], Any]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> list[list[float]]:
    """Seconds of several calls in each of `repeats` rounds, after one unmeasured round."""
    return [[seconds(call, clock) for call in calls] for _ in range(repeats + 1)][1:]


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


def table(rows: list[Row]) -> str:
    """All rows as one aligned table."""
    cells = [("topic", "what", "measured", "goal")]
    cells += [(row.topic, row.what, f"{row.value:.4g} {row.unit}", row.goal) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(3)]
    lines = []
    for topic, what, measured, goal in cells:
        line = f"{topic:<{widths[0]}}  {what:<{widths[1]}}  {measured:>{widths[2]}}  {goal}"
        lines.append(line.rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)
