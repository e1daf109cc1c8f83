"""Chapter 3: certified truncation of the ages, and grouping them by a Gauss rule."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controls import against
from echolimit import GaussianMixture, OrnsteinUhlenbeck, limit_law
from echolimit.age_groups import discrete_gauss
from line_laws import DATA, ages, limit_of, line, noised, tv

POINTS = line((1 / 3, -1.0, 0.0), (1 / 3, 0.5, 0.0), (1 / 3, 2.0, 0.0))


@pytest.mark.claim("prop-certified-truncation")
@against(
    lambda J, a: (1 - a) ** J,
    squared=lambda J, a: (1 - a) ** (2 * J),
    one_age_more=lambda J, a: (1 - a) ** (J + 1),
)
@settings(max_examples=8, report_multiple_bugs=False)
@given(alpha=st.floats(0.3, 0.6), kept=st.integers(1, 6))
def test_ages_kept_and_the_tail_on_the_last(alpha, kept, bound):
    """TV below the bound for several data; near it for a point mass far out and delta large enough to separate ages."""
    weights = alpha * (1 - alpha) ** np.arange(kept)
    weights[-1] = (1 - alpha) ** (kept - 1)
    for data, delta in ((DATA, 0.05), (DATA, 0.5), (POINTS, 0.2)):
        assert tv(ages(data, weights, delta), limit_of(alpha, delta, data)) <= bound(kept, alpha) + 1e-6
    far = line((1.0, 1e5, 0.0))
    gap = tv_of_separate(ages(far, weights, 0.3), limit_of(alpha, 0.3, far))
    np.testing.assert_allclose(gap, bound(kept, alpha), rtol=1e-6)


def tv_of_separate(p, q):
    """Total variation of mixtures whose different components do not overlap."""
    gap = 0.0
    for m in np.unique(np.round(np.concatenate([p.m, q.m]), 6)):
        if m > 100:
            gap += abs(p.w[np.abs(p.m - m) < 1e-5].sum() - q.w[np.abs(q.m - m) < 1e-5].sum())
    rest = abs(p.w[p.m <= 100].sum() - q.w[q.m <= 100].sum())
    return (gap + rest) / 2


@pytest.mark.claim("prop-certified-truncation")
@against(
    lambda tol, alpha: math.ceil(math.log(tol) / math.log(1 - alpha)),
    small_alpha_rule=lambda tol, alpha: math.ceil(-math.log(tol) / alpha),
    one_age_less=lambda tol, alpha: math.ceil(math.log(tol) / math.log(1 - alpha)) - 1,
)
@settings(max_examples=30, report_multiple_bugs=False)
@given(alpha=st.floats(0.06, 0.9), tol=st.sampled_from([1e-6, 1e-12]))
def test_ages_needed(alpha, tol, needed):
    """The library lists just these; the smallest number with (1 - alpha)^J <= tol, by counting."""
    counted = next(j for j in range(1, 10_000) if (1 - alpha) ** j <= tol)
    law = limit_law(GaussianMixture([1.0], [[0.0]], [0.5]), alpha, 0.1, tol=tol)
    assert counted == needed(tol, alpha) == len(law.times)
    assert (1 - alpha) ** counted <= law.tv_error * (1 + 1e-9) <= tol * (1 + 1e-9)


@pytest.mark.claim("prop-certified-truncation")
@against(
    peak_of_the_standard_normal=lambda J, a, d: (1 - a) ** J / math.sqrt(2 * math.pi),
    share_squared=lambda J, a, d: (1 - a) ** (2 * J) / math.sqrt(2 * math.pi * -math.expm1(-2 * J * d)),
)
def test_densities_differ_by_no_more_than_a_peak(
    bound=lambda J, a, d: (1 - a) ** J / math.sqrt(2 * math.pi * -math.expm1(-2 * J * d)),
):
    alpha, x = 0.3, np.linspace(-4, 5, 901)
    for kept, delta, data in ((1, 0.01, POINTS), (3, 0.05, POINTS), (5, 0.01, line((1.0, 1.0, 0.0)))):
        weights = alpha * (1 - alpha) ** np.arange(kept)
        weights[-1] = (1 - alpha) ** (kept - 1)
        gap = np.max(np.abs(ages(data, weights, delta).pdf(x) - limit_of(alpha, delta, data).pdf(x)))
        assert gap <= bound(kept, alpha, delta)


def complex_l1(m, v):
    """int |exp(-(x - m)^2 / 2 v) / sqrt(2 pi v)| dx for complex m, v, on a grid."""
    m, v = np.asarray(m)[:, None], np.asarray(v)[:, None]
    width = np.abs(v) / np.sqrt(v.real)
    centre = m.real + m.imag * v.imag / v.real
    x = centre + width * np.linspace(-9, 9, 401)
    f = np.abs(np.exp(-((x - m) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v))
    return np.trapezoid(f, x, axis=1)


@pytest.mark.claim("prop-age-groups")
@against(
    lambda m, v: math.sqrt(abs(v) / v.real) * math.exp(m.imag**2 / (2 * v.real)),
    real_part_of_the_inverse=lambda m, v: math.sqrt(abs(v) / v.real) * math.exp(m.imag**2 * (1 / v).real / 2),
    no_root=lambda m, v: abs(v) / v.real * math.exp(m.imag**2 / (2 * v.real)),
    no_tilt=lambda m, v: math.sqrt(abs(v) / v.real),
)
@settings(max_examples=60, report_multiple_bugs=False)
@given(
    m=st.complex_numbers(max_magnitude=2, allow_nan=False),
    v=st.builds(complex, st.floats(0.1, 2), st.floats(-2, 2)),
)
def test_the_mass_of_a_complex_gaussian(m, v, norm):
    np.testing.assert_allclose(complex_l1([m], [v])[0], norm(m, v), rtol=1e-9)


def on_the_ellipse(data, low, high, r):
    """max over the boundary of the sum of weighted L1 norms; inf where a variance loses its positive real part."""
    angle = np.linspace(0, 2 * np.pi, 121)
    z = r * np.exp(1j * angle)
    t = (low + high) / 2 + (high - low) / 4 * (z + 1 / z)
    total = 0.0
    for w, m, v in zip(data.w, data.m, data.v, strict=True):
        variance = 1 + (v - 1) * np.exp(-2 * t)
        if np.min(variance.real) <= 0:
            return math.inf
        total = total + w * complex_l1(m * np.exp(-t), variance)
    return float(np.max(total))


@pytest.mark.claim("prop-age-groups")
@against(
    power_twice_too_large=lambda W, M, r, m: 2 * W * M * r ** (1 - 4 * m) / (r - 1),
    ellipse_three_times_as_wide=lambda W, M, r, m: 2 * W * M * (3 * r) ** (1 - 2 * m) / (3 * r - 1),
)
def test_the_gauss_rule_errs_by_less_than_its_certificate(
    bound=lambda W, M, r, m: 2 * W * M * r ** (1 - 2 * m) / (r - 1),
):
    """Brute-force sums over 200 ages; M from the boundary of the ellipse, where a norm is largest."""
    x = np.linspace(-7, 7, 1401)
    for data, low, high in ((DATA, 0.05, 0.4), (DATA, 1.0, 6.0), (POINTS, 0.05, 0.2)):
        times = np.linspace(low, high, 200)
        weights = np.exp(-2 * times)
        whole = np.array([noised(data, t).pdf(x) for t in times])
        for m in (2, 4, 6):
            nodes, shares = discrete_gauss(times, weights, m)
            assert np.all(shares > 0)
            for k in range(2 * m):
                np.testing.assert_allclose(shares @ nodes**k, weights @ times**k, rtol=1e-9)
            rule = shares @ np.array([noised(data, t).pdf(x) for t in nodes])
            error = np.trapezoid(np.abs(rule - weights @ whole), x) / 2
            for r in (1.5, 2.0, 3.0, 4.0):
                mass = on_the_ellipse(data, low, high, r)
                assert error <= bound(weights.sum(), mass, r, m) + 1e-13


@pytest.mark.claim("prop-age-groups")
@against(certificate_ten_thousand_times_smaller=lambda law: law.tv_error * 1e-4, none=lambda law: 0.0)
def test_a_grouped_limit_is_within_its_stated_error(stated=lambda law: law.tv_error):
    """7,000 ages one by one against the library's few, at a coarse and a fine tolerance."""
    alpha, delta = 0.005, 0.00125
    weights = alpha * (1 - alpha) ** np.arange(7000)
    times = delta * np.arange(1, 7001)
    x = np.linspace(-5, 5, 201)
    exact = sum(
        w * np.exp(-((x[:, None] - m * np.exp(-times)) ** 2) / (2 * s)) @ (weights / np.sqrt(2 * np.pi * s))
        for w, m, s in ((w, m, 1 + (v - 1) * np.exp(-2 * times)) for w, m, v in zip(*DATA, strict=True))
    )
    example = GaussianMixture(DATA.w, DATA.m[:, None], DATA.v)
    for tol in (1e-3, 1e-11):
        law = limit_law(example, alpha, delta, tol=tol)
        assert law.tv_error <= tol
        assert len(law.times) < 300
        gap = np.trapezoid(np.abs(law.density(x[:, None]) - exact), x) / 2
        assert gap <= stated(law) + 1e-14


@pytest.mark.claim("prop-age-groups")
@against(
    lambda t, low, high, height, p: p._complex_box(np.array([0.0, 0.5, 3.0]), low, high, height),
    imaginary_part_halved=lambda t, low, high, height, p: tuple(
        b if k == 0 else b / 2 for k, b in enumerate(p._complex_box(np.array([0.0, 0.5, 3.0]), low, high, height))
    ),
)
@settings(max_examples=60, report_multiple_bugs=False)
@given(low=st.floats(0.01, 2.0), wide=st.floats(0.01, 3.0), height=st.floats(0.001, 2.0))
def test_the_box_bounds_hold_at_every_complex_time(low, wide, height, box):
    """Re v from below, |Im v| and |Im a| from above, over a net of the box with its corners."""
    t = np.linspace(low, low + wide, 9)[:, None] + 1j * np.linspace(-height, height, 41)
    real, imaginary, tilt = box(t, low, low + wide, height, OrnsteinUhlenbeck())
    for k, spectrum in enumerate((0.0, 0.5, 3.0)):
        v = 1 + (spectrum - 1) * np.exp(-2 * t)
        assert real[k] <= v.real.min() + 1e-12
        assert imaginary[k] >= np.abs(v.imag).max() - 1e-12
    assert tilt >= np.abs(np.exp(-t).imag).max() - 1e-12
