"""A set of images as a value: pixels in [-1, 1], labels, and where they come from."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BLOCK = 4096  # images turned from bytes to numbers at once


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images of one size with their labels, and the words that every figure made from them prints.

    images: float32 (n, c, h, w) in [-1, 1].  labels: int64 (n,), places in `classes`.  name: what was asked for.
    provenance: source, licence, number, digest and resolution in one sentence.  digest: sha256 in hexadecimal of
    what was read: the archive file, the files of a folder with their paths, or the pixels of a stand-in.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    name: str
    provenance: str
    digest: str

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(c, h, w) of one image."""
        c, h, w = self.images.shape[1:]
        return c, h, w

    @property
    def rows(self) -> np.ndarray:
        """The images as points (n, c h w), as laws and samplers take them; a view, not a copy."""
        return self.images.reshape(len(self.images), -1)

    def as_images(self, rows: np.ndarray) -> np.ndarray:
        """Points (m, c h w), numpy or torch, as images (m, c, h, w) of this set's size.

        Raises ValueError where the rows are not as long as one image of this set.
        """
        c, h, w = self.shape
        if rows.ndim != 2 or rows.shape[1] != c * h * w:
            raise ValueError(
                f"rows must have shape (m, {c * h * w}) for images of {c} x {h} x {w}, got {tuple(rows.shape)}"
            )
        return rows.reshape(rows.shape[0], c, h, w)


@dataclass(frozen=True, eq=False)
class Pixels:
    """What a reader returns and the cache keeps: whole numbers 0..`top` as uint8 (n, c, h, w), and labels."""

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    words: str  # what it is, who made it, under which licence
    digest: str
    top: int = 255


def image_set(read: Pixels, name: str, split: str, resolution: int | None) -> ImageSet:
    """`read` as numbers in [-1, 1], averaged over boxes down to `resolution`, with its provenance in one sentence."""
    images = scaled(read.pixels, read.top, box_side(read.pixels.shape, resolution, name))
    part = "images" if split == "all" else f"{split} images"
    provenance = f"{read.words}, {len(images):,} {part}, sha256 {read.digest[:16]}"
    if images.shape != read.pixels.shape:
        provenance += f", averaged to {resolution} x {resolution}"
    return ImageSet(images, read.labels.astype(np.int64), read.classes, name, provenance, read.digest)


def box_side(shape: tuple[int, ...], resolution: int | None, name: str) -> int:
    """The side of the boxes that take images of `shape` (n, c, h, w) down to resolution x resolution."""
    height, width = shape[-2:]
    if resolution is None or (height, width) == (resolution, resolution):
        return 1
    if height != width or height % resolution:
        sides = [side for side in range(1, height + 1) if height == width and height % side == 0]
        raise ValueError(
            f"resolution must be one of {sides} for images of {height} x {width} ({name}), got {resolution}: "
            "pixels are averaged over whole boxes"
            if sides
            else f"resolution must be None for images of {height} x {width} ({name}), got {resolution}: "
            "only squares are averaged down; crop them first"
        )
    return height // resolution


def scaled(pixels: np.ndarray, top: int, side: int) -> np.ndarray:
    """Averages over side x side boxes of whole numbers 0..top (n, c, h, w), taken to [-1, 1], in float32."""
    n, c, h, w = pixels.shape
    images = np.empty((n, c, h // side, w // side), dtype=np.float32)
    for first in range(0, n, BLOCK):
        block = pixels[first : first + BLOCK]
        out = images[first : first + BLOCK]
        out[:] = block[:, :, ::side, ::side]
        for down, right in itertools.product(range(side), repeat=2):  # sums of whole numbers, exact in float32
            if down or right:
                out += block[:, :, down::side, right::side]
        out *= np.float32(2 / (top * side * side))
        out -= 1
    return images


def mixed_order(keys: Sequence[str]) -> np.ndarray:
    """An order that depends on the keys alone and mixes them, so that the first n images are a fair sample."""
    digests = [hashlib.sha256(key.encode(errors="surrogateescape")).digest() for key in keys]
    return np.array(sorted(range(len(keys)), key=digests.__getitem__), dtype=np.int64)
