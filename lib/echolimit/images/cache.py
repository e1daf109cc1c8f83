"""Decoded images on disk: one array of bytes a set, written beside and moved, and read back only if whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from echolimit.images.image_set import Pixels

VARIABLE = "ECHOLIMIT_CACHE"
FILES = ("pixels.npy", "labels.npy", "about.json")


class Cache:
    """A folder of decoded image sets, each in a folder of its own under `images/`, and of downloads.

    folder: any path; None takes the environment variable ECHOLIMIT_CACHE, else ~/.cache/echolimit. It is made
    when the first set is kept. Where it cannot be written, sets are decoded anew each time, with a warning.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        chosen = folder if folder is not None else os.environ.get(VARIABLE) or "~/.cache/echolimit"
        self.folder = Path(chosen).expanduser()

    def kept(self, key: str, make: Callable[[], Pixels]) -> Pixels:
        """The set kept under `key`, else what `make` returns, which is then kept."""
        found = self.find(key)
        if found is None:
            with self.lock(key):
                found = self.find(key)  # another process may have made it meanwhile
                if found is None:
                    found = make()
                    self._keep(key, found)
        return found

    def find(self, key: str) -> Pixels | None:
        """The set kept under `key`, or None; a damaged one is left out, with a warning."""
        place = self.folder / "images" / key
        if not place.is_dir():
            return None
        try:
            about = json.loads((place / "about.json").read_text(encoding="utf-8"))
            pixels = np.load(place / "pixels.npy", allow_pickle=False)
            labels = np.load(place / "labels.npy", allow_pickle=False)
            if about["bytes"] != _digest(pixels, labels):
                raise ValueError("its digest is another one")
            return Pixels(pixels, labels, tuple(about["classes"]), about["words"], about["digest"], int(about["top"]))
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            warnings.warn(f"{place} is damaged ({error}): it is made anew", RuntimeWarning, stacklevel=3)
            return None

    def _keep(self, key: str, made: Pixels) -> None:
        """Write a set beside its place and move it there."""
        place = self.folder / "images" / key
        about = {
            "classes": list(made.classes),
            "words": made.words,
            "digest": made.digest,
            "top": made.top,
            "bytes": _digest(made.pixels, made.labels),
        }
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            beside = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=place.parent))
            try:
                np.save(beside / "pixels.npy", made.pixels, allow_pickle=False)
                np.save(beside / "labels.npy", made.labels, allow_pickle=False)
                (beside / "about.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
                for name in FILES:
                    _flush(beside / name)
                if place.is_dir():  # a damaged one
                    shutil.rmtree(place)
                os.replace(beside, place)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
        except OSError as error:
            warnings.warn(
                f"the cache {self.folder} cannot be written ({error}): set {VARIABLE} or cache to another folder, "
                "else the images are decoded each time",
                RuntimeWarning,
                stacklevel=3,
            )

    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """One process at a time makes what `key` names; others wait (where the system has file locks)."""
        with contextlib.ExitStack() as held:
            with contextlib.suppress(ImportError, OSError):
                import fcntl

                place = self.folder / "locks"
                place.mkdir(parents=True, exist_ok=True)
                fcntl.flock(held.enter_context(open(place / key, "w")), fcntl.LOCK_EX)
            yield


def _digest(pixels: np.ndarray, labels: np.ndarray) -> str:
    total = hashlib.sha256(f"{pixels.dtype} {pixels.shape} {labels.dtype} {labels.shape}".encode())
    total.update(np.ascontiguousarray(pixels).data)
    total.update(np.ascontiguousarray(labels).data)
    return total.hexdigest()


def _flush(path: Path) -> None:
    with open(path, "rb") as handle:
        os.fsync(handle.fileno())


def sha256_of(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


class Silent:
    """What stands for a progress bar where tqdm is not installed."""

    def __init__(self, items: Iterable[Any]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, count: int) -> None:
        pass


def progress(words: str, unit: str, items: Iterable[Any] = (), **options: Any) -> Any:
    """A progress bar with time left, around `items` or moved by `update`; shown after two seconds."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return Silent(items)
    if "total" in options:
        return tqdm(desc=words, unit=unit, delay=2, **options)
    return tqdm(items, desc=words, unit=unit, delay=2, **options)
