"""The probability flow on the line: the increasing map between two noised laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit._checks import check_time
from echolimit._law import Law
from echolimit.distances.line import Line
from echolimit.forgetting.kernels import check_line, check_line_points


def flow_map(law: Law, t: float, later: float, x: Any) -> np.ndarray:
    """Where the probability flow of `law` takes points from time t to time `later`: F_later^(-1)(F_t(x)).

    On the line the flow is increasing and carries P_t law to P_later law, so it is this map of distribution functions,
    without an integrator.  t < later runs it forwards: flow_map(law, later, t, .) is the inverse.

    law: a law on the line, with a density at both times.  t, later >= 0: Ornstein-Uhlenbeck times.  x: (n,).
    Returns (n,), increasing in x, exact to about 1e-12 where neither tail is below 1e-300.
    Raises ValueError outside these ranges, for a law in more dimensions or one that is atomic at one of the times.
    Derived in chapter 9, prop-flow-keeps.
    """
    law, x = check_line(law), check_line_points(x, "x")
    before, after = Line(law.diffuse(check_time(t)), "law"), Line(law.diffuse(check_time(later, "later")), "law")
    if before.atoms or after.atoms:
        raise ValueError(f"law must have a density at both times, got atoms at {t} or {later}: take both > 0")
    return after.quantile(before.cdf(x), before.survival(x))
