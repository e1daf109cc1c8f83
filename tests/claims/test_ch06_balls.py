"""Chapter 6: the balls around the limit in which a loop with errors stays."""

import functools
import math

import numpy as np
import pytest

import echolimit as el
from controls import against
from line_laws import DATA, Line, limit_of, line, loop, mix, noised, step, w1, w2


def moved(p, by):
    return p._replace(m=p.m + by)


def shifted_loop(start, shifts, alpha, delta, data=DATA):
    """Round after round: mix, noise, shift all samples."""
    p = start
    for shift in shifts:
        p = moved(step(data, p, alpha, delta), shift)
    return p


def geometric_sum(factor):
    """The bound sum_k r^(i-1-k) eps_k as a function of (errors, alpha, delta)."""
    return lambda eps, a, d: sum(e * factor(a, d) ** (len(eps) - 1 - k) for k, e in enumerate(eps))


def w2_factor(a, d):
    return math.sqrt(1 - a) * math.exp(-d)


def w1_factor(a, d):
    return (1 - a) * math.exp(-d)


@pytest.mark.claim("thm-error-ball")
@against(
    geometric_sum(w2_factor),
    without_the_square_root=geometric_sum(w1_factor),
    e_to_minus_two_delta=geometric_sum(lambda a, d: math.sqrt(1 - a) * math.exp(-2 * d)),
    no_blur=geometric_sum(lambda a, d: math.sqrt(1 - a)),
    shifted_by_one_round=lambda eps, a, d: w2_factor(a, d) * geometric_sum(w2_factor)(eps, a, d),
)
def test_errors_on_few_samples_reach_the_bound(bound):
    """Each round moves the descendants of a small part of the limit; W_2 by brute force on the line."""
    for alpha, delta, errors in ((0.3, 0.1, (20.0, 10.0, 16.0)), (0.5, 0.3, (10.0, 30.0))):
        limit, mass = limit_of(alpha, delta, tol=1e-6), 1e-3
        rest, part = limit._replace(w=limit.w * (1 - mass)), limit._replace(w=limit.w * mass)
        for k, error in enumerate(errors):
            if k:  # an ideal round, the small part followed by itself
                rest, part = (
                    Line(
                        *map(
                            np.concatenate,
                            zip(noised(scaled(DATA, alpha), delta), kept(rest, alpha, delta), strict=True),
                        )
                    ),
                    kept(part, alpha, delta),
                )
            part = moved(part, error / math.sqrt(part.w.sum()))
        p = joined(rest, part)
        assert abs(p.w.sum() - 1) < 1e-5
        ratio = w2(p._replace(w=p.w / p.w.sum()), limit._replace(w=limit.w / limit.w.sum()), 40001)
        ratio /= bound(errors, alpha, delta)
        assert 0.98 <= ratio <= 1.001


def joined(p, q):
    return Line(*(np.concatenate(pair) for pair in zip(p, q, strict=True)))


def scaled(p, factor):
    return p._replace(w=p.w * factor)


def kept(p, alpha, delta):
    return noised(scaled(p, 1 - alpha), delta)


@pytest.mark.claim("thm-error-ball")
@against(
    lambda a, d, eps: eps / (1 - w2_factor(a, d)),
    one_round_only=lambda a, d, eps: eps,
    half=lambda a, d, eps: eps / (2 - 2 * w2_factor(a, d)),
)
def test_a_constant_error_stays_within_the_radius(radius):
    """Parts of the mass moved at random, at the cost eps; rounds from the limit."""
    rng, alpha, delta, eps = np.random.default_rng(1), 0.5, 0.1, 0.1
    limit = limit_of(alpha, delta, tol=1e-5)
    largest = 0.0
    for share in (1.0, 0.6):
        p = limit
        for _ in range(5):
            p = step(DATA, p, alpha, delta)
            keep = scaled(p, 1 - share)
            gone = moved(scaled(p, share), eps / math.sqrt(share))
            p = gone if share == 1 else mix(0.5, scaled(keep, 2), scaled(gone, 2))
            if len(p.w) > 3000:
                p = thinned(p, rng)
        largest = max(largest, w2(p, limit, 4001))
    assert 0.5 * eps / (1 - w2_factor(alpha, delta)) < largest <= radius(alpha, delta, eps) * 1.001


def thinned(p, rng):
    """Components of the same place joined."""
    keys, where = np.unique(np.round(np.column_stack([p.m, p.v]), 9), axis=0, return_inverse=True)
    return Line(np.bincount(where.ravel(), weights=p.w), keys[:, 0], keys[:, 1])


@pytest.mark.claim("thm-error-ball")
@against(
    lambda errors: errors[-1],
    all_errors=sum,
    none=lambda errors: 0.0,
)
def test_with_fresh_data_only_the_last_error_counts(bound):
    errors = (0.4, 0.1, 0.3)
    start = noised(DATA, 0.1)  # the limit
    np.testing.assert_allclose(w2(shifted_loop(start, errors, 1.0, 0.1), start), bound(errors), rtol=1e-3)


@pytest.mark.claim("prop-w1-ball")
@against(
    geometric_sum(w1_factor),
    square_root_of_the_share=geometric_sum(w2_factor),
    no_blur=geometric_sum(lambda a, d: 1 - a),
    shifted_by_one_round=lambda eps, a, d: w1_factor(a, d) * geometric_sum(w1_factor)(eps, a, d),
)
def test_shifts_in_one_direction_add_up_exactly(bound):
    for alpha, delta, shifts in ((0.3, 0.1, (0.1, 0.0, 0.3, 0.2)), (0.6, 0.4, (0.5, 0.5))):
        start = line((0.5, -1.0, 0.3), (0.5, 2.0, 0.1))
        apart = w1(shifted_loop(start, shifts, alpha, delta), loop(DATA, start, len(shifts), alpha, delta))
        np.testing.assert_allclose(apart, bound(shifts, alpha, delta), rtol=1e-5)
        mixed = [s * (-1) ** k for k, s in enumerate(shifts)]
        assert w1(shifted_loop(start, mixed, alpha, delta), loop(DATA, start, len(shifts), alpha, delta)) <= apart


@pytest.mark.claim("prop-w1-ball")
@against(
    lambda eps, a: eps / a,
    with_the_factor_of_w1=lambda eps, a: eps / (1 - (1 - a) * math.exp(-0.1)),
    one_round=lambda eps, a: eps,
)
def test_replaced_mass_adds_up_in_total_variation(radius):
    """Each round a share eps of the ideal part is put far away; what lies far away is diluted by 1 - alpha a round."""
    alpha, delta, eps = 0.4, 0.1, 0.05
    far = line((1.0, 1e6, 1.0))
    ideal, displaced = limit_of(alpha, delta), 0.0
    for _ in range(60):
        displaced = (1 - alpha) * displaced + eps
    p = mix(displaced, far, ideal)
    q = step(DATA, p, alpha, delta)  # one more round by the laws themselves
    gone = float(q.w[q.m > 1e3].sum())
    np.testing.assert_allclose(gone, (1 - alpha) * displaced, rtol=1e-12)
    x = np.linspace(-9, 9, 4001)
    missing = float(np.trapezoid(np.maximum(ideal.pdf(x) - q.pdf(x), 0), x)) + eps
    np.testing.assert_allclose(missing, radius(eps, alpha), rtol=1e-4)


def radius_by_modes(a, d):
    return el.displacement_radius(a, d, 1.0)


@pytest.mark.claim("thm-displacement-ball")
@against(
    radius_by_modes,
    of_w1=lambda a, d: 1 / (1 - w1_factor(a, d)),
    of_any_error=lambda a, d: 1 / (1 - w2_factor(a, d)),
    square_forgotten=lambda a, d: radius_by_modes(a, d) ** 2,
    e_to_minus_two_delta=lambda a, d: radius_by_modes(a, 2 * d),
)
def test_shifts_of_a_far_point_mass_reach_the_radius(radius):
    for alpha, delta in ((0.4, 0.4), (0.6, 0.1)):
        np.testing.assert_allclose(far_point(alpha, delta), radius(alpha, delta), rtol=2e-3)


@functools.cache
def far_point(alpha, delta):
    """W_2 of the two limits for a point mass far out and shifts by one: ages one by one, monotone map."""
    j = np.arange(1, math.ceil(math.log(1e-6) / math.log1p(-alpha)) + 1)
    w, a = alpha * (1 - alpha) ** (j - 1.0), np.exp(-delta * j)
    d = np.array([sum(math.exp(-delta * k) for k in range(n)) for n in j])
    laws = [el.GaussianMixture(w / w.sum(), (1e5 * a + by)[:, None], 1 - a**2) for by in (np.zeros(len(j)), d)]
    return el.wasserstein(*laws, 2)


@pytest.mark.claim("thm-displacement-ball")
@against(
    lambda i, a, d: math.sqrt(sum(p * sum(math.exp(-d * k) for k in range(j)) ** 2 for j, p in ages_of(i, a))),
    one_round_less=lambda i, a, d: math.sqrt(
        sum(p * sum(math.exp(-d * k) for k in range(j - 1)) ** 2 for j, p in ages_of(i, a))
    ),
    mean_of_the_way_halved=lambda i, a, d: sum(
        p * sum(math.exp(-d * k) for k in range(j)) / 2 for j, p in ages_of(i, a)
    ),
)
def test_bounded_moves_stay_within_the_bound_of_the_round(bound):
    """Shifts of all samples, to one side or to changing sides, from a start of two clusters."""
    start, eps = line((0.5, -1.0, 0.3), (0.5, 2.0, 0.1)), 0.3
    for alpha, delta in ((0.3, 0.1), (0.6, 0.5)):
        for i, signs in ((1, (1,)), (3, (1, 1, 1)), (3, (1, -1, 1)), (5, (1, 1, 1, 1, 1))):
            apart = w2(
                shifted_loop(start, [eps * s for s in signs], alpha, delta), loop(DATA, start, i, alpha, delta), 6001
            )
            assert apart <= eps * bound(i, alpha, delta) * 1.001
        p, ideal = start, start
        for i in range(1, 6):  # moves that depend on the place: away from the origin
            p, ideal = step(DATA, p, alpha, delta), step(DATA, ideal, alpha, delta)
            p = p._replace(m=p.m + eps * np.sign(p.m))
            assert w2(p, ideal, 6001) <= eps * bound(i, alpha, delta) * 1.001


def ages_of(i, a):
    return [(j, a * (1 - a) ** (j - 1)) for j in range(1, i)] + [(i, (1 - a) ** (i - 1))]
