"""Harris' theorem with its constants computed: drift and minorisation give a contraction."""

from __future__ import annotations

import math
from typing import NamedTuple

from echolimit._checks import check_number
from echolimit.forgetting.drift import LyapunovDrift


class HarrisBound(NamedTuple):
    """int (1 + weight V) |mu P - nu P| <= factor int (1 + weight V) |mu - nu|; `spare` and `pull` made the factor."""

    factor: float
    weight: float
    spare: float
    pull: float


def harris_contraction(
    drift: LyapunovDrift | tuple[float, float],
    level: float,
    mass: float,
    spare: float | None = None,
    pull: float | None = None,
) -> HarrisBound:
    """The contraction of a Markov kernel P in the weighted distance int (1 + weight V) |mu - nu|.

    Needs P V <= lambda V + K, and that P(x, .) and P(y, .) have at least `mass` in common whenever V(x) + V(y) < level
    (for instance because all P(x, .) with V(x) <= level lie above one measure of that mass).  Then, for every
    0 < spare < mass and lambda + 2 K / level <= pull < 1, with weight = spare / K,

        factor = max(1 - mass + spare, (2 + level weight pull) / (2 + level weight)).

    drift: (lambda, K), lambda in [0, 1), K > 0.  level: greater than 2 K / (1 - lambda).  mass: in (0, 1].
    spare, pull: the two free constants; None takes the best one: the smallest pull, and the spare at which both entries
    of the maximum agree.  Both None give the smallest factor that the theorem has at this level.
    Raises ValueError outside these ranges.  Derived in chapter 9, thm-harris; Hairer and Mattingly (2011).
    """
    if not isinstance(drift, tuple | list) or len(drift) != 2:
        raise TypeError(f"drift must be a pair (lambda, K), got {drift!r}: see gaussian_lyapunov and bounded_lyapunov")
    rate, bound = (check_number(value, name) for value, name in zip(drift, ("drift.rate", "drift.bound"), strict=True))
    level, mass = check_number(level, "level"), check_number(mass, "mass")
    if not 0 <= rate < 1:
        raise ValueError(f"drift.rate must be in [0, 1), got {rate}: without a pull to the centre there is no bound")
    if bound <= 0:
        raise ValueError(f"drift.bound must be greater than 0, got {bound}: any larger bound is one too")
    if level * (1 - rate) <= 2 * bound:
        raise ValueError(f"level must be greater than 2 K / (1 - lambda) = {2 * bound / (1 - rate)}, got {level}")
    if not 0 < mass <= 1:
        raise ValueError(f"mass must be in (0, 1], got {mass}: it is the mass that two rows have in common")
    least = rate + 2 * bound / level
    pull = least if pull is None else check_number(pull, "pull")
    if not least <= pull < 1:
        raise ValueError(f"pull must be in [lambda + 2 K / level, 1) = [{least}, 1), got {pull}: or take None")

    ratio = level / bound
    if spare is None:  # the root of ratio e^2 + slope e = 2 mass, so that both entries of the maximum agree
        slope = 2 + ratio * (1 - pull - mass)
        root = math.sqrt(slope**2 + 8 * ratio * mass)
        spare = 4 * mass / (slope + root) if slope > 0 else (root - slope) / (2 * ratio)
    spare = check_number(spare, "spare")
    if not 0 < spare < mass:
        raise ValueError(f"spare must be in (0, mass) = (0, {mass}), got {spare}: None takes the best")
    reach = ratio * spare
    return HarrisBound(max(1 - mass + spare, (2 + reach * pull) / (2 + reach)), spare / bound, spare, pull)
