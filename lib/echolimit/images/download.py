"""One file from the network: gone on with when broken off, accepted only with the right digest."""

from __future__ import annotations

import http.client
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from echolimit.images.cache import VARIABLE, progress, sha256_of

BLOCK = 2**18  # bytes read at once
ATTEMPTS = 4  # in a row that bring nothing new
TIMEOUT = 30.0  # seconds without a byte


@dataclass(frozen=True)
class RemoteFile:
    """A file on the network with its size in bytes and its sha256."""

    url: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[-1]


class BrokenOff(ConnectionError):
    """A transfer that ended early and can be gone on with."""


class Unreachable(BrokenOff):
    """A server that gave no answer."""


def fetch(remote: RemoteFile, folder: Path, pause: float = 1.0) -> Path:
    """The path of `remote` inside `folder`, downloaded unless it is there already.

    Bytes gather in `NAME.part`, which is kept when the transfer breaks off and gone on with by the next attempt or
    the next call; with the right digest it is moved to `NAME`. pause: seconds between attempts.
    Raises ConnectionError where the transfer cannot be finished, OSError where `folder` cannot be made, ValueError
    for a wrong size or digest (the part is deleted then: it could never be finished) and for a file `NAME` that is
    another one (which is left alone).
    """
    target, part = folder / remote.name, folder / f"{remote.name}.part"
    if target.exists():
        _check(remote, target, f"delete {target} and load again")
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"{folder} cannot be made ({error}): set {VARIABLE} or cache to another folder") from error
    farthest, failures = _size(part), 0
    while _size(part) != remote.size:
        try:
            _transfer(remote, part)
        except BrokenOff as error:
            failures = failures + 1 if _size(part) <= farthest else 0
            farthest = max(farthest, _size(part))
            if farthest == 0 and (failures >= ATTEMPTS or isinstance(error, Unreachable)):
                raise ConnectionError(f"{remote.url} cannot be fetched: {error}") from error
            if failures >= ATTEMPTS:
                raise ConnectionError(
                    f"{remote.url} broke off after {farthest / 1e6:.1f} of {remote.size / 1e6:.1f} MB ({error}): "
                    "what came is kept, load again to go on"
                ) from error
            time.sleep(pause)
    try:
        _check(remote, part, "it was thrown away; load again, and if it happens again look at what the network sends")
    except ValueError:
        part.unlink()
        raise
    with open(part, "rb") as handle:
        os.fsync(handle.fileno())
    os.replace(part, target)
    return target


def _transfer(remote: RemoteFile, part: Path) -> None:
    """Fetch what is missing in `part`, or as much of it as comes."""
    start = _size(part)
    if start > remote.size:
        part.unlink()
        start = 0
    headers = {"User-Agent": "echolimit", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        answer = urllib.request.urlopen(urllib.request.Request(remote.url, headers=headers), timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:  # the server's file ends before ours does
            part.unlink()
            raise BrokenOff("its server has no such part") from error
        if error.code >= 500 or error.code == 429:
            raise BrokenOff(f"its server answered {error.code}") from error
        raise ConnectionError(f"{remote.url} cannot be fetched: its server answered {error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(str(getattr(error, "reason", error)) or type(error).__name__) from error
    with answer:
        start, total = _range(answer, start)
        if total is not None and total != remote.size:
            raise ValueError(
                f"{remote.url} is now a file of {total:,} bytes, expected {remote.size:,}: "
                "its server, or something in between, sends another file"
            )
        with (
            open(part, "r+b" if start else "wb") as file,
            progress(f"downloading {remote.name}", "B", total=remote.size, initial=start, unit_scale=True) as bar,
        ):
            file.seek(start)
            file.truncate()
            for block in _blocks(answer, remote.size - start):
                file.write(block)
                bar.update(len(block))
    if _size(part) < remote.size:
        raise BrokenOff("the connection was closed")


def _range(answer: http.client.HTTPResponse, start: int) -> tuple[int, int | None]:
    """Where the answer begins in the file, and how long the file is where the answer says it."""
    if answer.status == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != start:
            raise BrokenOff("its server sent another part than the one asked for")
        return start, None if match[2] == "*" else int(match[2])
    length = answer.headers.get("Content-Length")
    return 0, int(length) if length is not None and length.isdigit() else None


def _blocks(answer: http.client.HTTPResponse, most: int) -> Iterator[bytes]:
    """The body of an answer, at most `most` bytes of it; errors of the connection as BrokenOff."""
    while most > 0:
        try:
            block = answer.read1(min(BLOCK, most))
        except (OSError, http.client.HTTPException) as error:
            raise BrokenOff(str(error) or type(error).__name__) from error
        if not block:
            return
        most -= len(block)
        yield block


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _check(remote: RemoteFile, path: Path, remedy: str) -> None:
    digest = sha256_of(path)
    if digest != remote.sha256:
        raise ValueError(f"{path.name} has sha256 {digest[:16]}..., expected {remote.sha256[:16]}...: {remedy}")
