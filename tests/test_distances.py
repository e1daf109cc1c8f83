"""Distances on the line and between samples: closed forms, symmetries, edges, the values that do not exist."""

import math

import array_api_strict
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import ndtr

from controls import against
from echolimit import (
    GaussianMixture,
    PointCloud,
    VarianceExploding,
    chi2_divergence,
    kl_divergence,
    limit_law,
    round_law,
    sliced_wasserstein,
    standard_gaussian,
    total_variation,
    wasserstein,
)
from strategies import backends, line_example, mixtures

A = line_example()
LIMIT = limit_law(A, 0.2, 0.05)
GAMMA = standard_gaussian(1)
means, variances = st.floats(-5, 5), st.floats(1e-6, 4.0)


def gaussian(mean, variance):
    return GaussianMixture([1.0], [[mean]], [variance])


@given(m=means, u=variances, n=means, v=variances)
def test_one_gaussian_against_another(m, u, n, v):
    p, q = gaussian(m, u), gaussian(n, v)
    w2 = math.hypot(m - n, math.sqrt(u) - math.sqrt(v))
    assert wasserstein(p, q, 2) == pytest.approx(w2, rel=1e-10, abs=2e-13)
    kl = (math.log(v / u) + (u + (m - n) ** 2) / v - 1) / 2
    assert kl_divergence(p, q) == pytest.approx(kl, rel=1e-9, abs=1e-13)
    shift, width = m - n, math.sqrt(u) - math.sqrt(v)
    w1 = abs(shift)
    if width:
        z = shift / width  # E |shift + width Z|
        w1 = abs(width) * (math.sqrt(2 / math.pi) * math.exp(-z * z / 2) + z * (2 * ndtr(z) - 1))
    assert wasserstein(p, q, 1) == pytest.approx(w1, rel=1e-8, abs=1e-12)
    chi2 = math.inf
    if u < 2 * v * (1 - 1e-9):
        exponent = (m - n) ** 2 / (2 * v - u)
        chi2 = math.expm1(exponent - math.log(u * (2 * v - u)) / 2 + math.log(v)) if exponent < 600 else None
    if chi2 is not None and not 2 * v * (1 - 1e-9) <= u <= 2 * v * (1 + 1e-9):
        assert chi2_divergence(p, q) == pytest.approx(chi2, rel=1e-8, abs=1e-9)


@given(m=st.floats(0, 8), v=variances)
def test_total_variation_of_shifted_gaussians(m, v):
    tv = total_variation(gaussian(0.0, v), gaussian(m, v))
    assert tv == pytest.approx(math.erf(m / math.sqrt(8 * v)), abs=1e-12)


@against(one_direction_only=lambda p, q: total_variation(p, q) + 1e-3 * p.mean()[0])
def test_metrics_are_symmetric_and_vanish_on_the_diagonal(tv=total_variation):
    for p, q in ((A, LIMIT), (LIMIT, round_law(A, 3, 0.2, 0.05)), (A, gaussian(2.0, 0.5))):
        assert tv(p, q) == pytest.approx(tv(q, p), abs=1e-13)
        for order in (1, 2):
            assert wasserstein(p, q, order) == pytest.approx(wasserstein(q, p, order), rel=1e-10)
            assert wasserstein(p, p, order) < 1e-12
        assert kl_divergence(p, p) == 0


def test_narrow_and_far_components_are_seen():
    p = GaussianMixture([0.5, 0.5], [[0.0], [30.0]], [1e-6, 4.0])
    q = GaussianMixture([0.5, 0.5], [[1e-4], [30.5]], [2e-6, 3.0])
    tv = sum(quad(lambda x: abs(p.density([[x]])[0] - q.density([[x]])[0]) / 2, *ends, limit=400, points=points)[0]
             for ends, points in (((-0.02, 0.02), [-0.002, 0, 0.002]), ((10, 50), [29, 30.5, 32])))  # fmt: skip
    assert total_variation(p, q) == pytest.approx(tv, abs=1e-7)
    first, second = math.hypot(1e-4, 1e-3 - math.sqrt(2e-6)), math.hypot(0.5, 2 - math.sqrt(3))
    assert wasserstein(p, q, 2) == pytest.approx(math.sqrt((first**2 + second**2) / 2), rel=1e-9)
    far = [GaussianMixture([w, 1 - w], [[-40.0], [40.0]], [1e-6, 1e-6]) for w in (0.5, 0.75)]
    assert wasserstein(*far, 1) == pytest.approx(20, rel=1e-3)
    assert total_variation(*far) == pytest.approx(0.25, abs=1e-12)
    assert total_variation(gaussian(-40.0, 1.0), gaussian(40.0, 1.0)) == 1.0


def test_the_edges_of_alpha_and_delta():
    small = limit_law(A, 1e-4, 1e-5)  # tau = .1
    near = limit_law(A, 1e-3, 1e-4)
    assert total_variation(small, near) < 1e-3 * total_variation(small, A)
    assert wasserstein(small, near, 2) < 2e-3
    tiny = limit_law(A, 0.2, 1e-6)
    bound = 1e-6 * math.sqrt(1.8 / 0.04 * 4.0419837673)
    assert 0 < wasserstein(tiny, A, 2) < bound
    assert 0 < total_variation(tiny, A) < 1e-4
    late = limit_law(A, 0.2, 10.0)
    assert wasserstein(late, GAMMA, 1) == pytest.approx(0.2 * 0.27 * math.exp(-10), rel=1e-3)
    fresh = limit_law(A, 1.0, 0.05)
    assert total_variation(fresh, A.diffuse(0.05)) < 1e-14


def test_point_masses():
    cloud = PointCloud([[-1.0], [0.5], [2.0]])
    other = PointCloud([[0.0], [1.0]], weights=[0.25, 0.75])
    # cells of the levels 1/4, 1/3, 2/3 carry -1 -> 0, -1 -> 1, .5 -> 1, 2 -> 1
    assert wasserstein(cloud, other, 1) == pytest.approx(1 / 4 + 2 / 12 + 0.5 / 3 + 1 / 3)
    assert wasserstein(cloud, other, 2) == pytest.approx(math.sqrt(1 / 4 + 4 / 12 + 0.25 / 3 + 1 / 3))
    assert wasserstein(PointCloud([[3.0]]), GAMMA, 2) == pytest.approx(math.sqrt(10), rel=1e-12)
    assert wasserstein(GAMMA, PointCloud([[0.0]]), 1) == pytest.approx(math.sqrt(2 / math.pi), rel=1e-11)
    assert total_variation(cloud, LIMIT) == 1
    assert total_variation(cloud, PointCloud([[0.5], [7.0]])) == pytest.approx(2 / 3)
    assert kl_divergence(cloud, LIMIT) == math.inf
    assert chi2_divergence(LIMIT, cloud) == math.inf
    assert kl_divergence(PointCloud([[0.0]]), PointCloud([[0.0], [1.0]])) == pytest.approx(math.log(2))
    assert chi2_divergence(PointCloud([[0.0]]), PointCloud([[0.0], [1.0]])) == pytest.approx(1)


def test_chi2_is_infinite_exactly_where_the_integral_diverges():
    pair = GaussianMixture([0.5, 0.5], [[-5.0], [5.0]], [1.0, 1.0])
    assert chi2_divergence(gaussian(0.0, 2.0), GAMMA) == math.inf
    assert chi2_divergence(gaussian(0.0, 1.9), GAMMA) == pytest.approx(1 / math.sqrt(1 - 0.81) - 1)
    assert chi2_divergence(gaussian(6.0, 2.0), pair) == math.inf  # equality, mean outside
    # equality with the mean inside is finite: N(0, 2)^2 over the pair is constant / cosh(5 x)
    value = math.exp(12.5) / (4 * math.pi) * math.sqrt(2 * math.pi) * math.pi / 5 - 1
    assert chi2_divergence(gaussian(0.0, 2.0), pair) == pytest.approx(value, rel=1e-10)
    wide = GaussianMixture([0.5, 0.5], [[0.0, 0.0], [1.0, 0.0]], np.array([np.diag([0.5, 2.1]), np.eye(2)]))
    assert chi2_divergence(wide, standard_gaussian(2)) == math.inf
    assert chi2_divergence(LIMIT, gaussian(0.0, 0.49)) == math.inf
    assert chi2_divergence(limit_law(A, 0.2, 0.05, process=VarianceExploding()), GAMMA) == math.inf
    with pytest.raises(ValueError, match="not decided"):  # ages that decide are not in the truncated law
        chi2_divergence(limit_law(A, 0.5, 1e-3), A)


def test_chi2_in_closed_form_equals_quadrature():
    two = GaussianMixture([0.5, 0.5], [[0.3], [0.3 + 1e-9]], [0.8, 0.8])  # two components: quadrature
    assert chi2_divergence(A, two) == pytest.approx(chi2_divergence(A, gaussian(0.3, 0.8)), rel=1e-7)
    x = np.linspace(-12, 12, 20_001)[:, None]
    for p, q in ((A, LIMIT), (gaussian(0.2, 0.9), LIMIT)):
        second = np.trapezoid((p.density(x) - q.density(x)) ** 2 / q.density(x), x[:, 0])
        assert chi2_divergence(p, q) == pytest.approx(second, rel=1e-9)
    turned = np.array([[0.8, 0.3], [0.3, 0.6]])
    p = GaussianMixture([1.0], [[0.2, 0.1]], turned[None])
    q = GaussianMixture([1.0], [[0.2, 0.1]], turned[None] / 0.7)
    assert chi2_divergence(p, q) == pytest.approx(1 / (0.7 * 1.3) - 1, rel=1e-12)  # whitened: N(0, .7 I), d = 2


def test_sliced_distance_of_shifted_samples():
    x = np.random.default_rng(0).standard_normal((500, 3))
    rng = np.random.default_rng(1)
    found = sliced_wasserstein(x, x + np.array([1.0, 2.0, 2.0]), 4000, rng)
    assert found == pytest.approx(3 / math.sqrt(3), rel=0.05)  # E (theta . v)^2 = |v|^2 / d
    assert sliced_wasserstein(x, x, 10, np.random.default_rng(1)) == 0
    line = sliced_wasserstein(x[:, :1], 2 * x[:300, :1], 3, np.random.default_rng(1))
    assert line == pytest.approx(wasserstein(PointCloud(x[:, :1]), PointCloud(2 * x[:300, :1]), 2), rel=1e-12)
    once = sliced_wasserstein(x[:, :1], 2 * x[:300, :1], 3, np.random.default_rng(1), order=1)
    assert once == pytest.approx(wasserstein(PointCloud(x[:, :1]), PointCloud(2 * x[:300, :1]), 1), rel=1e-12)


def test_sliced_distance_on_other_arrays():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((60, 2)), rng.standard_normal((45, 2)) + 1
    reference = sliced_wasserstein(x, y, 50, np.random.default_rng(4))
    strict = sliced_wasserstein(array_api_strict.asarray(x), array_api_strict.asarray(y), 50, np.random.default_rng(4))
    assert strict == pytest.approx(reference, rel=1e-12)
    for dtype in (torch.float32, torch.float64):
        a, b = torch.as_tensor(x, dtype=dtype), torch.as_tensor(y, dtype=dtype)
        values = [sliced_wasserstein(a, b, 2000, torch.Generator().manual_seed(3)) for _ in range(2)]
        assert values[0] == values[1] == pytest.approx(sliced_wasserstein(x, y, 2000, rng), rel=0.05)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: total_variation(standard_gaussian(2), GAMMA),
            "p must be a law on the line, got dimension 2",
        ),
        (lambda: wasserstein(A, GAMMA, 3), "order must be 1 or 2, got 3"),
        (
            lambda: chi2_divergence(standard_gaussian(2), GaussianMixture([0.5, 0.5], np.eye(2), [1.0, 2.0])),
            "one Gaussian",
        ),
        (lambda: chi2_divergence(standard_gaussian(2), GAMMA), "one dimension, got 2 and 1"),
        (lambda: total_variation(GaussianMixture([0.5, 0.5], [[0.0], [1.0]], [0.0, 1.0]), A), "mixes atoms"),
        (
            lambda: total_variation(limit_law(PointCloud(np.arange(5000.0)[:, None]), 0.1, 0.1), A),
            "components",
        ),
        (lambda: sliced_wasserstein(np.zeros(3), np.zeros((3, 1)), 2, None), r"x\[:, None\]"),
        (lambda: sliced_wasserstein(np.full((3, 1), np.nan), np.zeros((3, 1)), 2, None), "x must be finite"),
        (
            lambda: sliced_wasserstein(np.zeros((3, 2)), np.zeros((3, 1)), 2, None),
            "one dimension, got 2 and 1",
        ),
        (
            lambda: sliced_wasserstein(np.zeros((3, 1)), np.zeros((3, 1)), 0, None),
            "projections must be at least 1",
        ),
    ],
)
def test_bad_input_is_named_with_its_remedy(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_wrong_kinds_are_type_errors():
    x = np.zeros((3, 1))
    for call in (
        lambda: total_variation(A, "law"),
        lambda: sliced_wasserstein(x, torch.zeros(3, 1), 2, np.random.default_rng(0)),
        lambda: sliced_wasserstein(x, x, 2, np.random.RandomState(0)),
    ):
        with pytest.raises(TypeError):
            call()


@pytest.mark.parametrize("array", backends())
def test_laws_of_any_array_library_are_measured(array):
    """In single precision the law itself is only known to seven digits."""
    law = GaussianMixture(array(A.weights), array(A.means), array(A.covariances))
    for found, exact in ((limit_law(law, 0.2, 0.05), LIMIT), (law.diffuse(0.1), A.diffuse(0.1))):
        for distance in (total_variation, kl_divergence, lambda p, q: wasserstein(p, q, 1), chi2_divergence):
            assert distance(found, GAMMA) == pytest.approx(distance(exact, GAMMA), rel=1e-5)


def test_statistics_of_draws_agree_with_the_laws():
    x = LIMIT.sample(40_000, np.random.default_rng(1))
    assert_allclose(wasserstein(PointCloud(x[:1000]), LIMIT, 1), 0, atol=5 / math.sqrt(1000))


@given(law=mixtures(), t=st.floats(0.0, 1.0))
def test_chi2_to_the_gaussian_is_finite_where_the_hermite_series_converges(law, t):
    """Two rooms decide the same: the law's method and the divergence."""
    wide = GaussianMixture(law.weights, law.means, 1.6 * law.covariances)
    for one in (wide.diffuse(t), round_law(wide, 3, 0.3, 0.05 + t)):
        assert math.isfinite(chi2_divergence(one, GAMMA)) == one.hermite_series_converges()
