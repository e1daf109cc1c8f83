"""Small image sets that need no network: digits of scikit-learn, and patches of the photographs that it ships."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import numpy as np

from echolimit.images.image_set import Pixels, mixed_order

SIDE = 32  # of a patch
STRIDES = {1: 16, 2: 8, 4: 4}  # scale: shift between neighbouring patches, in pixels of that scale
PHOTOGRAPHS = ("china", "flower")


def digits(split: str) -> Pixels:
    """1797 handwritten digits, 8 x 8, grey levels 0..16; every fifth image of the mixed order is the test set."""
    bunch = _datasets().load_digits()
    order = mixed_order([str(place) for place in range(len(bunch.target))])  # they come as 0, 1, ..., 9, 0, 1, ...
    return _of_split(
        split,
        bunch.images.astype(np.uint8)[order, None],
        bunch.target.astype(np.int64)[order],
        classes=tuple(str(digit) for digit in range(10)),
        words="Optical Recognition of Handwritten Digits (E. Alpaydin and C. Kaynak, 1998, CC BY 4.0), as shipped "
        "with scikit-learn (a stand-in, not CIFAR-10)",
        top=16,
    )


def patches(split: str) -> Pixels:
    """Overlapping 32 x 32 colour patches of two photographs at scales 1, 2 and 4, mixed; every fifth is for testing.

    Neighbouring patches share pixels, across the split too: a test patch is a fair draw of the same law, as a
    real-against-real floor needs it, and not a new photograph. The labels name the photograph.
    """
    datasets = _datasets()
    cut, labels, keys = [], [], []
    for label, name in enumerate(PHOTOGRAPHS):
        for scale, stride in STRIDES.items():
            photograph = _shrunk(_photograph(datasets, name), scale)
            corners = itertools.product(*(range(0, side - SIDE + 1, stride) for side in photograph.shape[:2]))
            for top, left in corners:
                cut.append(photograph[top : top + SIDE, left : left + SIDE])
                labels.append(label)
                keys.append(f"{name}/{scale}/{top}/{left}")
    order = mixed_order(keys)
    return _of_split(
        split,
        np.ascontiguousarray(np.stack(cut).transpose(0, 3, 1, 2)[order]),
        np.array(labels, dtype=np.int64)[order],
        classes=PHOTOGRAPHS,
        words="32 x 32 patches of two photographs shipped with scikit-learn, china.jpg by danielbuechele and "
        "flower.jpg by vultilion (flickr, CC BY 2.0), cut at scales 1, 2 and 4 (a stand-in, not CIFAR-10)",
        top=255,
    )


def _of_split(
    split: str, pixels: np.ndarray, labels: np.ndarray, *, classes: tuple[str, ...], words: str, top: int
) -> Pixels:
    """The part of a stand-in that `split` names; its digest is that of all of its pixels."""
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    test = np.arange(len(pixels)) % 5 == 4
    chosen = {"train": ~test, "test": test, "all": np.full(len(pixels), True)}[split]
    return Pixels(pixels[chosen], labels[chosen], classes, words, digest, top)


def _shrunk(photograph: np.ndarray, scale: int) -> np.ndarray:
    """Averages over scale x scale boxes, rounded to whole grey levels; what fills no box is cut off."""
    height, width = (side // scale for side in photograph.shape[:2])
    boxes = photograph[: height * scale, : width * scale].reshape(height, scale, width, scale, 3)
    total = boxes.sum(axis=(1, 3), dtype=np.int64)
    return ((total + scale * scale // 2) // (scale * scale)).astype(np.uint8)


def _photograph(datasets: Any, name: str) -> np.ndarray:
    from echolimit.images.folders import pillow

    pillow()  # scikit-learn's own message for a missing Pillow does not name our extra
    return np.asarray(datasets.load_sample_image(f"{name}.jpg"), dtype=np.uint8)


def _datasets() -> Any:
    from sklearn import datasets

    return datasets
