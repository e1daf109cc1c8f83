"""Run the benchmarks: `python -m benchmarks [TOPIC ...]`; prints one table and writes _build/bench.json."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.rows import Row, table

TOPICS = ("build_times", "pages", "live_figures", "densities", "draws", "images", "training", "samplers")
TARGET = Path(__file__).resolve().parent.parent / "_build" / "bench.json"


def machine() -> dict[str, object]:
    """Where the numbers were taken."""
    names = ("numpy", "scipy", "torch", "sphinx")
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in names},
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure the topics; one that cannot be measured here is named with the reason, and the exit status is 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"some of: {', '.join(TOPICS)}")
    topics = parser.parse_args(arguments).topics or list(TOPICS)
    unknown = set(topics) - set(TOPICS)
    if unknown:
        parser.error(f"unknown topic {', '.join(sorted(unknown))}; there are: {', '.join(TOPICS)}")
    rows: list[Row] = []
    missing: dict[str, str] = {}
    for topic in topics:
        print(f"measuring {topic} ...", file=sys.stderr, flush=True)
        try:
            rows += importlib.import_module(f"benchmarks.{topic}").measure()
        except Exception as reason:
            missing[topic] = str(reason)
    where = machine()
    print(table(rows))
    print(f"\n{where['system']}, {where['cores']} cores, Python {where['python']}, {where['when']}")
    for topic, why in missing.items():
        print(f"not measured: {topic}: {why}")
    TARGET.parent.mkdir(exist_ok=True)
    record = {"machine": where, "rows": [row.record() for row in rows], "not_measured": missing}
    TARGET.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"Written to {TARGET}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
