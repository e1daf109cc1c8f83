"""The log of a run as JSON lines, and where its numbers come from."""

from __future__ import annotations

import functools
import json
import math
import os
import platform
import subprocess
import warnings
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch

from echolimit._checks import check_count, check_not_negative

from ._files import write_whole

_PACKAGES = ("echolimit", "torch", "numpy", "scipy", "accelerate", "diffusers", "safetensors")


class RecordLog:
    """A file of JSON lines that can be read while a run writes it, and wound back to a checkpoint.

    path: the file; its folder is made at the first line. A line that a kill left half written is cut off at the next
    one. One process may write: see `RunLock`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file: IO[bytes] | None = None

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one line and hand it to the operating system at once: it survives a kill of the process.

        record: text keys; numbers (also numpy and torch scalars), text, lists and mappings of them. A value that is
        not finite becomes null. Raises TypeError for others.
        """
        line = json.dumps(_plain(record), allow_nan=False).encode() + b"\n"
        file = self._open()
        file.write(line)
        file.flush()

    def position(self) -> int:
        """The length in bytes, synced to disk: what a checkpoint keeps in its meta."""
        file = self._open()
        os.fsync(file.fileno())
        return file.seek(0, os.SEEK_END)

    def rewind(self, position: int) -> None:
        """Drop what was written past a `position` that a checkpoint kept; 0 empties the log.

        Warns (RuntimeWarning) where the log is shorter than that: then lines between are lost, and the run goes on.
        Raises ValueError for a position within a line: the log is another run's.
        """
        end = check_count(position, "position")
        self.close()
        data = self.path.read_bytes() if self.path.exists() else b""
        if len(data) < end:
            warnings.warn(
                f"{self.path} ends at byte {len(data)}, before the checkpoint's {end}: the lines between are lost",
                RuntimeWarning,
                stacklevel=2,
            )
        elif end and data[end - 1 : end] != b"\n":
            raise ValueError(f"position must be the end of a line of {self.path}, got {end}: the log is another run's")
        elif len(data) > end:
            os.truncate(self.path, end)

    def close(self) -> None:
        """Close the file; the next `append` opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> IO[bytes]:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            data = self.path.read_bytes() if self.path.exists() else b""
            if data and not data.endswith(b"\n"):
                os.truncate(self.path, data.rfind(b"\n") + 1)
            self._file = self.path.open("ab")
        return self._file


def read_records(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The records of a `RecordLog`, oldest first, also while it is written: a last line without its end is left out.

    Raises ValueError with the line's number for one that is no JSON object, OSError where the file cannot be read.
    """
    whole = Path(path).read_bytes().rpartition(b"\n")[0]
    records = []
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{path}, line {number} is no JSON ({error}): remove the line") from None
        if not isinstance(record, dict):
            raise ValueError(f"{path}, line {number} must be a JSON object, got {line[:40]!r}: remove the line")
        records.append(record)
    return records


def write_json(path: str | os.PathLike[str], value: Mapping[str, Any]) -> Path:
    """Write a mapping as indented JSON, whole or not at all; values as in `RecordLog.append`."""
    return write_whole(path, json.dumps(_plain(value), indent=2, allow_nan=False).encode() + b"\n")


def provenance(seconds: float = 0.0, processes: int = 1, device: str | torch.device = "cpu") -> dict[str, Any]:
    """Where numbers come from: what must agree for a run to return the same bits, and what it cost.

    seconds: of computing, over all sittings, >= 0; kept as minutes.  processes: of the run, >= 1.
    device: where the network lived.
    Returns versions (of Python and of each library that is installed), revision (of the source, "+" where it was
    edited; None outside a repository), threads (torch's, in one process), processes, device, machine, minutes. No
    host, user or folder name.
    """
    spent = check_not_negative(seconds, "seconds", "pass the time that the run took")
    return {
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES},
        "revision": _revision(),
        "threads": torch.get_num_threads(),
        "processes": check_count(processes, "processes", least=1),
        "device": _device_name(torch.device(device)),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "minutes": round(spent / 60, 2),
    }


def _device_name(device: torch.device) -> str:
    if device.type == "cuda" and torch.cuda.is_available():
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return device.type


@functools.cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _revision() -> str | None:
    """The commit of the checkout that this file belongs to, or None: an installed copy has no history."""
    here = Path(__file__).resolve().parents[3]
    if not (here / ".git").exists():
        return None
    try:
        commit = _git(here, "rev-parse", "--short=12", "HEAD")
        return commit + ("+" if _git(here, "status", "--porcelain", "--untracked-files=no", "--", "lib") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=True)
    return done.stdout.strip()


def _plain(value: Any) -> Any:
    """The same value of Python's own types, numbers that are not finite as None."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic | torch.Tensor):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"records hold numbers, text, lists and mappings, got {type(value).__name__}: convert it first")
