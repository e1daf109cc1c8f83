"""Path energy, its differences, mixture scores, and what a score error does to samples: exact cases and bad input."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from echolimit import GaussianMixture, PointCloud, limit_law, observe_score_error, score_of, standard_gaussian
from echolimit.process import OrnsteinUhlenbeck
from strategies import plane_example

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit.learning.energy import energy_gap, mixture_score, numpy_score, path_energy  # noqa: E402
from echolimit.learning.pushing import gronwall_bound, round_error  # noqa: E402

T, DELTA = 4.0, 0.02
GAMMA = standard_gaussian(1)


def shifted(score, b):
    return lambda x, t: score(x, t) + b


def test_a_constant_error_has_the_golden_energy_and_its_bound_is_the_shift():
    rng = np.random.default_rng(1)
    score = score_of(GAMMA)
    found = path_energy(shifted(score, 0.15), score, rng.standard_normal((50, 1)), T, DELTA, rng, steps=200)
    assert_allclose(found.energy, 0.1791, rtol=1e-12)
    assert found.standard_error < 1e-15
    assert_allclose(np.sum(found.rate * np.diff(found.edges)), found.energy, rtol=1e-12)
    assert_allclose(gronwall_bound(found, lambda t: -1.0), 0.2943943082, rtol=1e-4)  # for N(0, 1) it is attained


def test_the_energy_of_a_linear_error_on_a_normal_law_and_its_standard_error():
    law, rng = GaussianMixture([1.0], [[0.5, 0.0, -1.0]], [0.3]), np.random.default_rng(2)
    score = score_of(law)
    # b = c x / t: 2 int c^2 t^-2 (3 v_t + a_t^2 |m|^2) dt by the exact moments
    t = np.geomspace(DELTA, T, 20_001)
    moment = 3 * (1 + (0.3 - 1) * np.exp(-2 * t)) + 1.25 * np.exp(-2 * t)
    exact = np.trapezoid(2 * 0.01 / t**2 * moment, t)
    wrong = lambda x, s: score(x, s) + 0.1 / s * x  # noqa: E731
    found = path_energy(wrong, score, law.sample(4000, rng), T, DELTA, rng, steps=100)
    assert abs(found.energy - exact) < 5 * found.standard_error + 2e-3 * exact
    assert abs(found.energy - exact * 1.06) > 5 * found.standard_error
    repeats = [path_energy(wrong, score, law.sample(100, rng), T, DELTA, rng, steps=6).energy for _ in range(100)]
    stated = path_energy(wrong, score, law.sample(4000, rng), T, DELTA, rng, steps=6).standard_error
    assert_allclose(np.std(repeats), stated * np.sqrt(40), rtol=0.3)


def test_the_midpoint_rule_is_of_second_order():
    rng, score = np.random.default_rng(3), score_of(GAMMA)
    exact = 2 * 0.25 * (np.exp(-2 * DELTA) - np.exp(-2 * T)) / 2
    wrong = lambda x, t: score(x, t) + 0.5 * np.exp(-t)  # noqa: E731
    gaps = [
        path_energy(wrong, score, rng.standard_normal((2, 1)), T, DELTA, rng, steps=steps, spacing=spacing).energy
        - exact
        for spacing in ("log_snr", "uniform")
        for steps in (20, 40)
    ]
    assert 3.6 < gaps[0] / gaps[1] < 4.4
    assert 3.6 < gaps[2] / gaps[3] < 4.4


def test_tensors_and_numpy_agree_and_blocks_change_nothing():
    law = plane_example()
    rows, score = law.sample(300, np.random.default_rng(4)), score_of(law)
    found = path_energy(shifted(score, 0.1), score, rows, T, DELTA, np.random.default_rng(5), steps=16, rows=37)
    again = path_energy(shifted(score, 0.1), score, rows, T, DELTA, np.random.default_rng(5), steps=16)
    assert_allclose(found.rate, again.rate, rtol=1e-12)
    linear = lambda x, t: -x  # noqa: E731
    tensors = path_energy(
        lambda x, t: -1.2 * x, linear, torch.as_tensor(rows), T, DELTA, torch.Generator().manual_seed(6), steps=16
    )
    numbers = path_energy(lambda x, t: -1.2 * x, linear, rows, T, DELTA, np.random.default_rng(7), steps=16)
    assert abs(tensors.energy - numbers.energy) < 5 * np.hypot(tensors.standard_error, numbers.standard_error)


def test_a_network_for_numpy_rows_is_called_without_gradients():
    weight = torch.ones(2, requires_grad=True)
    score = numpy_score(lambda x, t: -x * weight * t)
    value = score(np.ones((3, 2)), 0.5)
    assert value.dtype == np.float64
    assert_allclose(value, -0.5)


def test_the_mixture_score_is_that_of_the_mixture():
    law, rng = plane_example(), np.random.default_rng(8)
    parts = [GaussianMixture([1.0], [m], [c]) for m, c in zip(law.means, law.covariances, strict=True)]
    x = law.sample(50, rng)
    assert_allclose(mixture_score(parts, law.weights)(x, 0.3), law.diffuse(0.3).score(x), rtol=1e-10)
    echo, cloud = limit_law(law, 0.5, 0.1), PointCloud(x[:9])
    score, h = mixture_score([echo, cloud], [0.25, 0.75]), 1e-5

    def log_density(y):
        return np.log(0.25 * echo.diffuse(0.3).density(y) + 0.75 * cloud.diffuse(0.3).density(y))

    for j, unit in enumerate(np.eye(2) * h):
        slope = (log_density(x + unit) - log_density(x - unit)) / (2 * h)
        assert_allclose(score(x, 0.3)[:, j], slope, atol=1e-6)
    assert_allclose(mixture_score([echo, cloud], [0.0, 1.0])(x, 0.3), cloud.diffuse(0.3).score(x))


def test_the_error_of_a_round_is_that_of_a_shift():
    law, rng = GaussianMixture([1.0], [[0.0, 0.0]], [1.0]), np.random.default_rng(9)
    mix = law.sample(3000, rng)
    good = OrnsteinUhlenbeck().perturb(law.sample(3000, rng), 0.1, rng)
    moved = round_error(good + np.array([0.4, 0.0]), mix, 0.1, rng, projections=100, repeats=4)
    assert_allclose(moved.excess, 0.4 / np.sqrt(2), rtol=0.2)  # sliced W2 of a shift m is |m| / sqrt(d)
    same = round_error(good, mix, 0.1, rng, projections=40, repeats=4)
    assert same.excess < 0.04
    assert same.floor < 0.06
    assert moved.distance > moved.excess


def test_gronwall_bounds_the_shift_of_a_normal_law_and_overflows_to_infinity():
    rng, v = np.random.default_rng(10), 0.25
    law = GaussianMixture([1.0], [[0.0]], [v])
    score = score_of(law)
    found = path_energy(shifted(score, 0.1), score, law.sample(10, rng), T, DELTA, rng, steps=200)
    slope = lambda t: -1 / (1 + (v - 1) * np.exp(-2 * t))  # noqa: E731
    assert_allclose(gronwall_bound(found, slope), observe_score_error(0.1, T, DELTA, v).shift, rtol=1e-3)
    assert gronwall_bound(found, lambda t: 1e3) == np.inf


def test_what_cannot_be_measured_is_refused():
    rng, score = np.random.default_rng(11), score_of(GAMMA)
    rows = rng.standard_normal((5, 1))
    for broken, problem, words in [
        (3.0, TypeError, "score must be a function"),
        (lambda x, t: x[:, 0], ValueError, "x's shape"),
        (lambda x, t: x * np.nan, ValueError, "finite"),
        (lambda x, t: torch.as_tensor(x), TypeError, "numpy_score"),
    ]:
        with pytest.raises(problem, match=words):
            path_energy(broken, score, rows, T, DELTA, rng)
    with pytest.raises(ValueError, match="reference must return"):
        energy_gap(score, score, rows, T, DELTA, rng) and path_energy(score, lambda x, t: x[:2], rows, T, DELTA, rng)
    with pytest.raises(ValueError, match="data must have shape"):
        path_energy(score, score, rows[:1], T, DELTA, rng)
    with pytest.raises(ValueError, match="T must be in"):
        path_energy(score, score, rows, DELTA, DELTA, rng)
    with pytest.raises(TypeError, match=r"numpy\.random\.default_rng"):
        path_energy(score, score, rows, T, DELTA, torch.Generator())
    with pytest.raises(ValueError, match="rows must be at least 1"):
        path_energy(score, score, rows, T, DELTA, rng, rows=0)
    with pytest.raises(TypeError, match="laws"):
        mixture_score([score], [1.0])
    with pytest.raises(ValueError, match="one dimension"):
        mixture_score([GAMMA, plane_example()], [0.5, 0.5])
    with pytest.raises(ValueError, match="weights must sum to 1"):
        mixture_score([GAMMA, GAMMA], [0.5, 0.6])
    with pytest.raises(ValueError, match="at least one law"):
        mixture_score([], [])
    with pytest.raises(ValueError, match="one dimension"):
        round_error(rows, np.zeros((4, 2)), 0.1, rng)
    with pytest.raises(ValueError, match="repeats"):
        round_error(rows, rows, 0.1, rng, repeats=1)
    found = path_energy(score, score, rows, T, DELTA, rng, steps=4)
    with pytest.raises(TypeError, match="slope must be a function"):
        gronwall_bound(found, 1.0)
