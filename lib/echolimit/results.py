"""Records of runs too long for a page: each has its config, its numbers and its pictures in a folder of `results`."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def load_record(name: str) -> dict[str, Any] | None:
    """The record of a recorded run, or None where there is none of that name.

    name: of the run, letters, digits, "-", "_" and ".".
    Looked for in the folder that the environment variable ECHOLIMIT_RESULTS names, else in `results` of the checkout
    that the library is used from, else in the copy that is installed with it.
    Returns what `python -m echolimit.learning report` wrote to record.json, and under "folder" the Path of its folder,
    where pictures (grid.png) and the config lie. Needs neither torch nor a network.
    Raises ValueError for a name that is none, where record.json is damaged, or ECHOLIMIT_RESULTS names no folder.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"name must be made of letters, digits, '-', '_' and '.', got {name!r}: see list_records()")
    for root in _roots():
        path = root / name / "record.json"
        if path.is_file():
            return {**_read(path), "folder": path.parent}
    return None


def list_records() -> list[str]:
    """The names of the recorded runs, sorted."""
    return sorted({path.parent.name for root in _roots() for path in root.glob("*/record.json")})


def _roots() -> list[Path]:
    named = os.environ.get("ECHOLIMIT_RESULTS")
    if named:
        if not Path(named).is_dir():
            raise ValueError(f"ECHOLIMIT_RESULTS must name a folder, got {named!r}: mend it or unset it")
        return [Path(named)]
    here = Path(__file__).resolve()
    return [here.parents[2] / "results", here.with_name("recorded")]


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): restore it, or run its report again") from None
    if not isinstance(record, dict):
        raise ValueError(f"{path} must hold one JSON object, got {type(record).__name__}: run its report again")
    return record
