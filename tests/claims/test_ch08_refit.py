"""Chapter 8: the refitted mean with reused and fresh real data, its peak, the expected total variation."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from controls import against
from echolimit import expected_location_tv, refit_peak, refit_variance


def exact_variance(ratio: Fraction, rounds: int, real: str) -> Fraction:
    """Var mu_i in units of v / n by the weights of every independent mean in mu_i, in rational arithmetic."""
    share = ratio / (1 + ratio)
    weights = {("real", 0): Fraction(1)}  # each real set has variance 1, each synthetic mean 1 / ratio around its model
    for i in range(rounds):
        new = {source: share * weight for source, weight in weights.items()}
        fresh = ("real", i + 1 if real == "fresh" else 0)
        new[fresh] = new.get(fresh, Fraction(0)) + 1 - share
        new["noise", i] = share
        weights = new
    return sum(w**2 * (1 if kind == "real" else 1 / ratio) for (kind, _), w in weights.items())


def excess(ratio, rounds):
    return ratio / (1 + 2 * ratio) * (1 - (ratio / (1 + ratio)) ** (2 * rounds))


@pytest.mark.claim("prop-refit")
@against(
    refit_variance,
    power_of_one_round=lambda x, i, real: 1 + (1 if real == "reused" else -1) * excess(x, i / 2),
    no_mirror=lambda x, i, real: 1 + excess(x, i) * (1 if real == "reused" else -0.5),
    exchanged=lambda x, i, real: 1 - (1 if real == "reused" else -1) * excess(x, i),
    limit_at_once=lambda x, i, real: 1 + (1 if real == "reused" else -1) * x / (1 + 2 * x),
)
def test_variance_of_the_mean_from_the_weight_of_every_point(variance):
    for ratio in (Fraction(1, 4), Fraction(1), Fraction(7, 2), Fraction(40)):
        for rounds in (1, 2, 5, 12):
            for real in ("reused", "fresh"):
                exact = float(exact_variance(ratio, rounds, real))
                assert_allclose(variance(float(ratio), rounds, real), exact, rtol=1e-13)


@pytest.mark.claim("prop-refit")
@against(variance_of_one_set=lambda x, i, real: np.ones(()), doubled=lambda x, i, real: 1 + 2 * excess(x, i))
@pytest.mark.parametrize("real", ["reused", "fresh"])
def test_the_loop_itself_with_points_that_are_not_normal(real, variance=refit_variance):
    """Exponential real points (mean 1, variance 1), 20,000 loops point by point, five standard errors."""
    rng, loops, n, m, rounds = np.random.default_rng(4), 20_000, 6, 18, 4
    sample = rng.exponential(size=(loops, n))
    mu = sample.mean(axis=1)
    for _ in range(rounds):
        if real == "fresh":
            sample = rng.exponential(size=(loops, n))
        synthetic = rng.normal(mu[:, None], 1, (loops, m))
        mu = np.concatenate([sample, synthetic], axis=1).mean(axis=1)
    square = n * (mu - 1) ** 2
    assert abs(mu.mean() - 1) < 5 * mu.std() / np.sqrt(loops)
    assert abs(square.mean() - variance(m / n, rounds, real)) < 5 * square.std() / np.sqrt(loops)


@pytest.mark.claim("prop-refit")
@against(uniform=1.8, laplace=6.0, a_little_wide=3.1)
def test_normal_points_make_a_normal_mean(fourth_moment=3.0):
    """The fourth moment of mu_i is three times the square of its variance for normal points."""
    rng, loops = np.random.default_rng(5), 200_000
    sample = rng.normal(size=(loops, 3)).mean(axis=1)
    mu = sample.copy()
    for _ in range(3):
        mu = (sample + 2 * rng.normal(mu, 1 / np.sqrt(6))) / 3  # three real points, six synthetic ones
    fourth = (mu / mu.std()) ** 4
    assert abs(fourth.mean() - fourth_moment) < 5 * fourth.std() / np.sqrt(loops)


def peak_by_search(rounds):
    """Place and height of the largest value of S_i, by golden-section search at 40 digits."""
    with mpmath.workdps(40):
        curve = lambda x: x / (1 + 2 * x) * (1 - (x / (1 + x)) ** (2 * rounds))  # noqa: E731
        low, high, ratio = mpmath.mpf("0.01"), mpmath.mpf(4 * rounds + 4), (mpmath.sqrt(5) - 1) / 2
        for _ in range(100):
            a, b = high - ratio * (high - low), low + ratio * (high - low)
            low, high = (low, b) if curve(a) > curve(b) else (a, high)
        return float(low), float(curve(low))


@pytest.mark.claim("prop-peak")
@against(
    refit_peak,
    leading_order=lambda i: (2 * i / np.log(4 * i + 1) - 0.5, refit_peak(i)[1]),
    printed_formula=lambda i: ((4 * i + 1) / (2 * np.log(4 * i + 1)) - 0.5, refit_peak(i)[1]),
    height_of_the_limit=lambda i: (refit_peak(i)[0], 0.5),
    height_without_r=lambda i: (refit_peak(i)[0], 2 * i / (4 * i + 1)),
)
@pytest.mark.parametrize("rounds", [1, 2, 3, 10, 57])
def test_the_peak_by_search(rounds, peak):
    assert_allclose(peak(rounds), peak_by_search(rounds), rtol=1e-9)


@pytest.mark.claim("prop-peak")
@against(
    two_roots=lambda r, i: r ** (2 * i) * (2 * i + 1 - 2 * i * r), off_by_one=lambda r, i: r ** (2 * i) * (2 * i + r)
)
def test_one_sign_change_of_the_slope(root_function=lambda r, i: r ** (2 * i) * (2 * i + 1 + 2 * i * r)):
    """The slope of the curve, by exact differences of rationals, has the sign of 1 - r^(2i) (2i + 1 + 2 i r)."""
    step = Fraction(1, 10**9)
    for i in (1, 2, 6):
        for place in [Fraction(k, 40) for k in range(1, 40)]:
            g = lambda r: r * (1 - r ** (2 * i)) / (1 + r)  # noqa: E731, B023
            slope = g(place + step) - g(place - step)
            assert (slope > 0) == (root_function(place, i) < 1)


@pytest.mark.claim("prop-peak")
@against(
    lambda i: (4 * i + 1) / (2 * np.log(4 * i + 1)) - 0.5,
    leading_order=lambda i: 2 * i / np.log(4 * i + 1) - 0.5,
    no_half=lambda i: (4 * i + 1) / (2 * np.log(4 * i + 1)),
    quarter=lambda i: (4 * i + 1) / (2 * np.log(4 * i + 1)) - 0.25,
)
@pytest.mark.parametrize("rounds", [10, 100, 1000, 100_000])
def test_the_formula_for_the_place(rounds, formula):
    """Off by less than L / (4 i), and 2 i / L - 1/2 is a lower bound; place from eq-peak at 60 digits."""
    with mpmath.workdps(60):
        r = mpmath.findroot(lambda r: 2 * rounds * mpmath.log(r) + mpmath.log(2 * rounds + 1 + 2 * rounds * r),
                            mpmath.exp(-mpmath.log(4 * rounds + 1) / (2 * rounds)))  # fmt: skip
        place = float(r / (1 - r))
    log = np.log(4 * rounds + 1)
    assert abs(formula(rounds) - place) < log / (4 * rounds)
    assert place > 2 * rounds / log - 0.5


@pytest.mark.claim("prop-peak")
@against(half_the_scale=lambda k: (1 - np.exp(-1 / k)) / 2, no_half=lambda k: 1 - np.exp(-2 / k))
def test_the_ends_and_the_scale_of_the_fall(shape=lambda k: (1 - np.exp(-2 / k)) / 2):
    for kappa in (0.3, 1.0, 5.0):
        assert_allclose(refit_variance(kappa * 10**6, 10**6) - 1, shape(kappa), rtol=1e-5)
    for i in (1, 4, 9):
        assert_allclose(10**7 * (refit_variance(10**7, i) - 1), i, rtol=1e-5)
    assert all(refit_peak(i).excess < refit_peak(2 * i).excess < 0.5 for i in (1, 5, 50))


@pytest.mark.claim("prop-expected-tv")
@against(
    expected_location_tv,
    small_variance=lambda V: np.sqrt(V) / np.pi,
    no_half=lambda V: 2 / np.pi * np.arctan(np.sqrt(V)),
    tv_of_the_mean_size=lambda V: 2 * norm.cdf(np.sqrt(2 * V / np.pi) / 2) - 1,
)
@pytest.mark.parametrize("variance", [0.01, 1.0, 100.0])
def test_expected_total_variation_by_quadrature(variance, law):
    """TV by integrating |difference of densities|, then averaged over mu: no formula for either."""

    def tv(mu):
        x = np.linspace(-9, 9 + mu, 1501)
        return np.abs(norm.pdf(x, mu) - norm.pdf(x)).sum() * (x[1] - x[0]) / 2

    grid = np.linspace(0, 9, 301)
    values = np.array([tv(np.sqrt(variance) * u) for u in grid]) * 2 * norm.pdf(grid)
    mean = (grid[1] - grid[0]) / 3 * (values[0] + values[-1] + 4 * values[1::2].sum() + 2 * values[2:-1:2].sum())
    assert_allclose(law(variance), mean, rtol=1e-4)
