"""The entries of a TOML config, and frozen dataclasses made from them."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from pathlib import Path
from typing import Any


def read_toml(path: str | Path) -> dict[str, Any]:
    """The entries of a config.  Raises ValueError, naming the file, for one that cannot be read or is not TOML."""
    file = Path(path)
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"config {str(file)!r} does not exist: pass the path of a TOML file") from None
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"config {str(file)!r} cannot be read ({reason}): pass the path of a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"config {str(file)!r} is not TOML: {error}") from None


def read_table(cls: Any, entries: Any, where: str = "") -> Any:
    """An instance of a settings class from a dictionary; `where` is its table, "" for all settings."""
    title = where or "settings"
    if not isinstance(entries, dict):
        raise TypeError(f"{title} must be a table, got {entries!r}")
    hints = typing.get_type_hints(cls)
    unknown = sorted(set(entries) - set(hints))
    if unknown:
        raise ValueError(f"{title}: unknown entry {unknown[0]!r}; known are {', '.join(sorted(hints))}")
    return cls(**{key: _value(hints[key], value, key) for key, value in entries.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return read_table(hint, value, where)
    if isinstance(value, list):
        return tuple(value)
    wanted = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if float in wanted and isinstance(value, int) and not isinstance(value, bool) and int not in wanted:
        return float(value)
    return value
