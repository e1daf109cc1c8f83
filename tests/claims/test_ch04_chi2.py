"""Chapter 4: chi2 to the Gaussian in closed form, degree energies, and chi2 to the data, which is mostly infinite."""

import cmath
import itertools
import math

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss, hermeval
from numpy.testing import assert_allclose
from scipy.special import logsumexp

from controls import against
from echolimit import (
    GaussianMixture,
    chi2_divergence,
    degree_energies,
    limit_law,
    standard_gaussian,
    transfer,
)
from strategies import line_example, plane_example


def pair(rho, first, second, *, half=0.5, swap=False, root=None):
    """int p_a p_b / gamma for components (m, C) at rho = 1, and with rho the generating function of their energies."""
    (x, c), (y, e) = first, second
    eye = np.eye(len(x))
    a, b = c - eye, e - eye
    left, right = np.linalg.inv(eye - rho**2 * b @ a), np.linalg.inv(eye - rho**2 * a @ b)
    if swap:
        left, right = right, left
    exponent = rho * x @ left @ y + half * rho**2 * (x @ left @ b @ x + y @ right @ a @ y)
    if root is None:
        factors = np.prod([cmath.sqrt(1 - rho**2 * lam) for lam in np.linalg.eigvals(a @ b)])
    else:
        factors = root(np.linalg.det(eye - rho**2 * a @ b))
    return np.exp(exponent) / factors


def parts(law):
    d = law.dimension
    full = law.covariances[:, None, None] * np.eye(d) if law.covariances.ndim == 1 else law.covariances
    return list(zip(law.weights, law.means, full, strict=True))


def energies_by_fft(law, degree, radius=0.7, points=128, **how):
    circle = radius * np.exp(2j * math.pi * np.arange(points) / points)
    pairs = list(itertools.product(parts(law), repeat=2))
    values = [sum(w * u * pair(rho, (m, c), (n, e), **how) for (w, m, c), (u, n, e) in pairs) for rho in circle]
    return (np.fft.fft(values).real / points / radius ** np.arange(points))[: degree + 1]


@pytest.mark.claim("prop-chi2-gamma")
@against(
    exponent_not_halved=lambda a, b: pair(1.0, a, b, half=1.0),
    matrices_swapped=lambda a, b: pair(1.0, a, b, swap=True),
    means_ignored=lambda a, b: pair(1.0, (0 * a[0], a[1]), (0 * b[0], b[1])),
)
def test_pair_integral_by_quadrature(integral=lambda a, b: pair(1.0, a, b)):
    grid = np.linspace(-9, 9, 181)
    x = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
    narrow = GaussianMixture([1.0], [[-0.3, 0.6]], [[[0.4, -0.25], [-0.25, 0.9]]])
    components = [part[1:] for part in [*parts(plane_example()), *parts(narrow)]]
    step = (grid[1] - grid[0]) ** 2 * 2 * math.pi
    for a, b in itertools.combinations_with_replacement(components, 2):
        one, two = (GaussianMixture([1.0], m[None], c[None]).density(x) for m, c in (a, b))
        assert_allclose(integral(a, b), np.sum(one * two * np.exp(np.sum(x**2, axis=1) / 2)) * step, rtol=1e-9)


@pytest.mark.claim("prop-chi2-gamma")
@against(
    share_not_squared=lambda e, h: np.sum(h[1:] * e[1:]),
    degree_zero_counted=lambda e, h: np.sum(h**2 * e),
)
def test_chi2_of_the_limit_is_the_sum_of_passed_energies(total=lambda e, h: np.sum(h[1:] ** 2 * e[1:])):
    alpha, delta, n = 0.2, 0.05, np.arange(121)
    law, x = line_example(), np.linspace(-14, 14, 4001)
    limit = limit_law(law, alpha, delta)
    gamma = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    exact = np.sum(limit.density(x[:, None]) ** 2 / gamma) * (x[1] - x[0]) - 1
    assert_allclose(total(degree_energies(law, 120), transfer(n, alpha, delta)), exact, rtol=1e-9)
    assert_allclose(exact, 0.1546077182, atol=5e-11)
    assert_allclose(chi2_divergence(limit, standard_gaussian(1)), exact, rtol=1e-9)


def component_energies_added(law, degree):
    """The mixture's cross terms forgotten."""
    one = [w**2 * degree_energies(GaussianMixture([1.0], m[None], c[None]), degree) for w, m, c in parts(law)]
    return np.sum(one, axis=0)


@pytest.mark.claim("prop-degree-energies")
@against(
    cross_terms_forgotten=component_energies_added,
    exponent_not_halved=lambda law, degree: energies_by_fft(law, degree, half=1.0),
)
def test_energies_by_squaring_every_coefficient(energies=degree_energies):
    law, degree = plane_example(), 6
    z, w = hermegauss(24)
    grid, share = np.stack(np.meshgrid(z, z), axis=-1).reshape(-1, 2), np.outer(w, w).ravel() / (2 * math.pi)
    brute = np.zeros(degree + 1)
    for i, j in itertools.product(range(degree + 1), repeat=2):
        if i + j > degree:
            continue
        c = 0.0
        for weight, m, cov in parts(law):
            x = m + grid @ np.linalg.cholesky(cov).T
            he = hermeval(x[:, 0], [0] * i + [1]) * hermeval(x[:, 1], [0] * j + [1])
            c += weight * (share @ he) / math.sqrt(math.factorial(i) * math.factorial(j))
        brute[i + j] += c**2
    assert_allclose(energies(law, degree), brute, atol=1e-12)
    assert_allclose(energies_by_fft(law, degree), brute, atol=1e-12)


@pytest.mark.claim("prop-degree-energies")
@against(root_of_the_determinant={"root": cmath.sqrt})
def test_the_root_is_taken_factor_by_factor(how={}):  # noqa: B006
    # N(0, v I): sum_n rho^n E_n = (1 - a^2 rho^2)^(-d/2), a = v - 1, so E_2 = d a^2 / 2 and E_4 = d (d + 2) a^4 / 8.
    for d, radius in ((5, 0.9), (10, 0.7)):
        law, a = GaussianMixture([1.0], np.zeros((1, d)), [0.1]), 0.9
        exact = [1, 0, d * a**2 / 2, 0, d * (d + 2) * a**4 / 8]
        assert_allclose(energies_by_fft(law, 4, radius, 256, **how), exact, atol=1e-9)
        assert_allclose(degree_energies(law, 4), exact, atol=1e-12)


def log_tail(means, variances, alpha, delta, rounds, radius=3000.0):
    """ln(p_i^2 / p*) far out on both sides for equal weights, age by age, p_0 = p*."""
    ages = np.arange(1, rounds + 1)
    share = (ages - 1) * math.log1p(-alpha) + np.where(ages < rounds, math.log(alpha), 0.0)
    x = np.array([-radius, radius])[:, None, None]

    def log_density(t, share):
        a = np.exp(-t)[None, :, None]
        v = a**2 * np.array(variances) + 1 - a**2
        return logsumexp(share[None, :, None] - (x - a * np.array(means)) ** 2 / (2 * v) - np.log(v) / 2, axis=(1, 2))

    return float(np.max(2 * log_density(ages * delta, share) - log_density(np.zeros(1), np.zeros(1))))


@pytest.mark.claim("prop-chi2-infinite")
@against(
    always_finite=lambda v: True,
    always_infinite=lambda v: False,
    finite_from_one=lambda v: max(v) > 1,
    narrowest_component_decides=lambda v: min(v) > 0.5,
)
def test_chi2_to_the_data_from_the_tails(finite=lambda v: max(v) > 0.5):
    for means, variances in (([0.3], [0.25]), ([0.0], [0.45]), ([0.0], [0.55]), ([-1.2, 0.9], [0.25, 0.16])):
        falls = log_tail(means, variances, 0.2, 0.05, 400) < -100
        assert falls == finite(variances)
        law = GaussianMixture(np.ones(len(means)) / len(means), np.array(means)[:, None], variances)
        assert math.isfinite(chi2_divergence(limit_law(law, 0.2, 0.05), law)) == falls
    assert (log_tail([0.0, 1.0], [0.2, 1.5], 0.2, 0.05, 400) < -100) == finite([0.2, 1.5])


@pytest.mark.claim("prop-chi2-infinite")
@against(
    variance_equal_to_the_data=lambda v: 0.0,
    time_without_the_half=lambda v: math.log((1 - v) / (1 - 2 * v)),
    variance_above_one_half=lambda v: math.log((1 - v) / 0.5) / 2,
)
def test_the_round_in_which_chi2_becomes_infinite(onset=lambda v: math.log((1 - v) / (1 - 2 * v)) / 2):
    for v, delta, mean in ((0.25, 0.05, 0.3), (0.1, 0.02, 0.0), (0.4, 0.05, -1.0)):
        for i in range(1, 40):
            assert (log_tail([mean], [v], 0.2, delta, i) > -100) == (i * delta >= onset(v))
    for means, variances in (([-1.2, 0.9], [0.25, 0.16]), ([0.5, -0.5, 0.0], [0.1, 0.4, 0.3])):
        for i in range(1, 40):
            assert (log_tail(means, variances, 0.2, 0.05, i) > -100) == (i * 0.05 > onset(max(variances)))


@pytest.mark.claim("prop-chi2-infinite")
@against(
    finite_at_the_onset=lambda means: True,
    infinite_at_the_onset=lambda means: False,
)
def test_at_the_onset_the_means_decide(finite=lambda means: min(means) < 0 < max(means)):
    # At i delta = t_v the squares in the exponent cancel: one Gaussian is infinite there, some mixtures are not.
    v, i = 0.25, 4
    delta = math.log((1 - v) / (1 - 2 * v)) / 2 / i
    for means in ([0.5], [-0.5], [-1.0, 1.0], [0.2, 1.0]):
        assert (log_tail(means, [v] * len(means), 0.2, delta, i) < -100) == finite(means)


@pytest.mark.claim("prop-chi2-infinite")
@against(
    share_not_squared=lambda alpha, delta: (1 - alpha) * math.exp(delta),
    time_doubled=lambda alpha, delta: (1 - alpha) ** 2 * math.exp(2 * delta),
)
def test_variance_one_half_is_decided_by_share_and_time(size=lambda alpha, delta: (1 - alpha) ** 2 * math.exp(delta)):
    # int p_inf^2 / p* of N(0, 1/2) as a sum over pairs of ages: the integral is (2 u w (1/u + 1/w - 2))^(-1/2).
    x = np.linspace(-30, 30, 6001)
    for a, b in ((0.6, 0.7), (0.7, 0.95)):
        integrand = np.exp(x**2 - x**2 * (1 / a + 1 / b) / 2) / (2 * math.sqrt(math.pi * a * b))
        assert_allclose(integrand.sum() * 0.01, (2 * a * b * (1 / a + 1 / b - 2)) ** -0.5, rtol=1e-9)
    for alpha, delta in ((0.2, 0.35), (0.2, 0.55), (0.5, 1.2), (0.5, 1.5)):
        ages = np.arange(1, 25)
        weights, gap = alpha * (1 - alpha) ** (ages - 1), np.exp(-2 * ages * delta) / 2  # 1 - u_j
        u, excess = 1 - gap, gap / (1 - gap)  # excess: 1 / u - 1, without cancellation
        terms = np.outer(weights, weights) / np.sqrt(np.outer(u, u) * (excess[:, None] + excess[None, :]))
        shells = np.diff([terms[:j, :j].sum() for j in range(16, 25)])  # pairs with older age 17, 18, ...
        assert_allclose(shells[-1] / shells[-2], size(alpha, delta), rtol=0.02)
        assert (shells[-1] < shells[0]) == (size(alpha, delta) < 1)
