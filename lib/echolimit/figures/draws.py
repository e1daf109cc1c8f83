"""Random numbers that a page draws as well: static/draws.js gives the same from a seed and a counter, in any order.

Counters run through the mixing function of MurmurHash3 (Appleby 2011), spaced by the golden ratio of 2^32: enough for
a picture, not for an experiment.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_WORD = np.uint64(0xFFFFFFFF)
_SPACING = np.uint64(0x9E3779B9)


def uniform(seed: int, counter: Any) -> np.ndarray:
    """Number `counter` of the stream `seed`, uniform in (0, 1): (h + 1/2) / 2^32 with a 32-bit word h.

    seed, counter: integers in [0, 2^31), counter also an array, of whose shape the result is.
    """
    start = _mixed(np.asarray(seed, dtype=np.uint64) + _SPACING)
    word = _mixed(start + (np.asarray(counter, dtype=np.uint64) + np.uint64(1)) * _SPACING)
    return (word.astype(np.float64) + 0.5) / 4294967296.0


def normal(seed: int, counter: Any) -> np.ndarray:
    """Number `counter` of the normal stream `seed`: Box and Muller's pair number counter // 2, its cosine or its sine.

    seed, counter: integers in [0, 2^30), counter also an array, of whose shape the result is. It uses the uniform
    numbers 2 (counter // 2) and 2 (counter // 2) + 1 of the same stream.
    """
    number = np.asarray(counter)
    first = number // 2 * 2
    angle = 2 * np.pi * uniform(seed, first + 1)
    return np.sqrt(-2 * np.log(uniform(seed, first))) * np.where(number % 2 == 0, np.cos(angle), np.sin(angle))


def _mixed(word: np.ndarray) -> np.ndarray:
    """The finalizer of MurmurHash3 on the lowest 32 bits."""
    h = word & _WORD
    h = h ^ (h >> np.uint64(16))
    h = (h * np.uint64(0x85EBCA6B)) & _WORD
    h = h ^ (h >> np.uint64(13))
    h = (h * np.uint64(0xC2B2AE35)) & _WORD
    return h ^ (h >> np.uint64(16))
