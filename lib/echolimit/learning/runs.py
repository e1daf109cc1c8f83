"""A run folder, read: settings, log, finished rounds, and its config as TOML."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from echolimit.learning._entries import read_toml
from echolimit.learning.keeping import RoundRecord, finished_rounds, load_round, read_claim
from echolimit.learning.records import read_records
from echolimit.learning.settings import RunSettings
from echolimit.learning.sources import Source, open_source

PASSED = ("array", "law")  # names of data that were passed to `learned_recursion` and not named in the settings


@dataclass(frozen=True)
class Run:
    """What a run folder holds, also while the run is under way.

    settings: of the run.  data: name, provenance and digest of the real data.  log: its records, oldest first.
    finished: numbers of the finished rounds.
    """

    folder: Path
    settings: RunSettings
    data: dict[str, str]
    log: list[dict[str, Any]]
    finished: list[int]

    @property
    def complete(self) -> bool:
        """Whether all rounds are finished."""
        return self.finished == list(range(1, self.settings.loop.rounds + 1))

    def rounds(self) -> Iterator[RoundRecord]:
        """The finished rounds, one at a time, each verified by its digests."""
        for number in self.finished:
            yield load_round(self.folder, number)

    def round_lines(self) -> list[dict[str, Any]]:
        """The log's lines of finished rounds."""
        return [line for line in self.log if line.get("event") == "round" and line["round"] in self.finished]


def read_run(folder: str | Path) -> Run:
    """Read a run folder without loading its networks; nothing in it is changed.

    Raises ValueError where the folder holds no run, or settings that this version does not know.
    """
    root = Path(folder)
    settings, data = read_claim(root)
    log = root / "log.jsonl"
    return Run(root, settings, data, read_records(log) if log.is_file() else [], finished_rounds(root))


def open_data(run: Run, place: str | None = None) -> Source:
    """The real data of a run, opened by name.

    place: where they are, if not where the settings say.  Raises ValueError where the data were passed from Python, or
    are not those that the run was trained on.
    """
    if run.data["name"] in PASSED:
        raise ValueError(f"the data of {run.folder} were passed from Python: they have no name to open them by")
    settings = run.settings.data if place is None else replace(run.settings.data, name=place)
    source = open_source(settings)
    if source.digest != run.data["digest"]:
        raise ValueError(f"data {settings.name!r} are not those that {run.folder} was trained on: restore them")
    return source


def read_settings(config: str | Path, changes: Sequence[str] = ()) -> RunSettings:
    """Settings from a TOML file with some entries changed on the command line.

    changes: "loop.alpha=0.1", "name=other", ...: the entry with its table, and its value as TOML; text needs no quotes.
    Raises ValueError or TypeError naming the entry, before anything is done, for an entry that is unknown or wrong.
    """
    entries = read_toml(config)
    for change in changes:
        key, sign, value = change.partition("=")
        *tables, entry = key.strip().split(".")
        if not sign or not entry or not all(tables):
            raise ValueError(f"--set must be table.entry=value, got {change!r}: for example --set loop.alpha=0.1")
        place = entries
        for table in tables:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                raise ValueError(f"--set {change}: {table} is no table: see the entries of {config}")
        place[entry] = _toml_value(value.strip())
    return RunSettings.from_dict(entries)


def settings_as_toml(settings: RunSettings) -> str:
    """The settings as a TOML file that `RunSettings.from_toml` reads back; entries that are None are left out."""
    entries = settings.as_dict()
    lines = [f"{key} = {json.dumps(value)}" for key, value in entries.items() if not isinstance(value, dict)]
    for table, values in entries.items():
        if isinstance(values, dict):
            lines += ["", f"[{table}]"]
            lines += [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
    return "\n".join(lines) + "\n"


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        pass
    try:
        return float(text)  # .5, which TOML wants as 0.5
    except ValueError:
        return text
