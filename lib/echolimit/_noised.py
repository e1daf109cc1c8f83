"""A normal law N(m, v) noised for time t: its variance, and what the reverse SDE keeps of a displacement."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def noised_variance(v: Any, t: Any) -> Any:
    """v_t = exp(-2 t) v + 1 - exp(-2 t), without cancellation for small t and v; numbers or arrays, v even complex."""
    xp: Any = math if isinstance(t, float) else np
    return xp.exp(-2 * t) * v - xp.expm1(-2 * t)


def kept_displacement(v: Any, t: Any, later: Any) -> Any:
    """exp(-(t - later)) v_later / v_t: the regression coefficient of X_later on X_t, for data N(m, v)."""
    xp: Any = math if isinstance(t, float) else np
    return xp.exp(later - t) * noised_variance(v, later) / noised_variance(v, t)
