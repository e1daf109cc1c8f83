"""Values that pass every comparison: an empty array with rows or columns is close to anything."""

from __future__ import annotations

import numpy as np


def is_hollow(value: np.ndarray) -> bool:
    """Whether an array of several dimensions has no entry."""
    return value.ndim > 1 and value.size == 0
