"""Chapter 8: the kernel loop with unlimited and with finite data, and the average of finite loops."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from controls import against
from echolimit import fourier_transfer, kernel_loop_mise, round_law, standard_gaussian
from strategies import line_example

DATA, BELL = line_example(), standard_gaussian(1)
GRID = np.linspace(-12, 12, 961)
STEP = GRID[1] - GRID[0]


def parts(law):
    return list(zip(law.weights, law.means[:, 0], law.variances()[:, 0], strict=True))


def grid_density(law):
    return sum(w * norm.pdf(GRID, m, np.sqrt(v)) for w, m, v in parts(law))


def kernel_rounds(alpha, h, rounds, start):
    """The round on a grid: mix, then convolve by quadrature.  Returns the last two densities."""
    fresh, p, before = grid_density(DATA), start, None
    kernel = STEP * norm.pdf(GRID[:, None], GRID, h)
    for _ in range(rounds):
        before, p = p, kernel @ (alpha * fresh + (1 - alpha) * p)
    return before, p


@pytest.mark.claim("prop-kernel-is-ve")
@against(
    fourier_transfer,
    ages_from_zero=lambda w, a, h: a / (1 - (1 - a) * np.exp(-((h * w) ** 2) / 2)),
    bandwidth_for_variance=lambda w, a, h: a / (np.exp(h * w**2 / 2) - 1 + a),
    no_half=lambda w, a, h: a / (np.exp((h * w) ** 2) - 1 + a),
)
@pytest.mark.parametrize(("alpha", "h"), [(0.3, 0.4), (0.7, 0.8)])
def test_the_limit_on_a_grid_in_fourier_space(alpha, h, transfer):
    before, p = kernel_rounds(alpha, h, 90, norm.pdf(GRID, 2, 0.7))
    assert np.abs(before - p).sum() * STEP < 1e-12
    omega = np.linspace(0, 4, 9)
    wave = np.exp(1j * omega[:, None] * GRID)
    exact = wave @ grid_density(DATA) * STEP
    assert_allclose(wave @ p * STEP, transfer(omega, alpha, h) * exact, atol=1e-9)
    assert_allclose(transfer(np.sqrt(2 * np.log1p(alpha)) / h, alpha, h), 0.5, rtol=1e-12)
    mean = STEP * p @ GRID
    variance = STEP * p @ GRID**2 - mean**2
    assert_allclose(variance, DATA.covariance()[0, 0] + h**2 / alpha, rtol=1e-7)


@pytest.mark.claim("prop-kernel-is-ve")
@against(with_decay=lambda alpha, i: ((1 - alpha) * 0.5) ** i, fresh_share=lambda alpha, i: alpha**i)
def test_the_rate_and_the_loop_without_fresh_data(rate=lambda alpha, i: (1 - alpha) ** i):
    alpha, h = 0.3, 0.2
    start = norm.pdf(GRID, 3, 2.5)  # wide: the noise of a round hardly brings it closer
    limit = kernel_rounds(alpha, h, 60, start)[1]
    for i in (1, 2, 4):
        tv = np.abs(kernel_rounds(alpha, h, i, start)[1] - limit).sum() / np.abs(start - limit).sum()
        assert tv <= rate(alpha, i) * (1 + 1e-9)
    p = kernel_rounds(0.0, 0.3, 5, norm.pdf(GRID, 0, 1))[1]
    assert_allclose(STEP * p @ GRID**2, 1 + 5 * 0.09, rtol=1e-9)


def squared_error(x, h, law):
    """int (p^ - p*)^2 for kernel estimates from x (loops, N) of a mixture, in closed form in real space: no Fourier."""
    pairs = norm.pdf(x[:, :, None], x[:, None, :], np.sqrt(2) * h).mean(axis=(1, 2))
    cross = sum(w * norm.pdf(x, m, np.sqrt(v + h * h)).mean(axis=1) for w, m, v in parts(law))
    square = sum(w * u * norm.pdf(m, k, np.sqrt(v + s)) for w, m, v in parts(law) for u, k, s in parts(law))
    return pairs - 2 * cross + square


def draws(law, shape, rng):
    weights, means, variances = np.array(parts(law)).T
    k = rng.choice(len(weights), size=shape, p=weights)
    return rng.normal(means[k], np.sqrt(variances[k]))


def simulated_kernel_loop(n, m, rounds, real, loops, rng, c=1.06, law=BELL):
    """Errors of round `rounds`, point by point: no characteristic function."""
    h0, h = c * n**-0.2, c * (n + m) ** -0.2
    points = draws(law, (loops, n), rng)
    train, width = points, h0
    for _ in range(rounds):
        picked = rng.integers(train.shape[1], size=(loops, m))
        new = np.take_along_axis(train, picked, axis=1) + width * rng.normal(size=(loops, m))
        points = points if real == "reused" else draws(law, (loops, n), rng)
        train, width = np.concatenate([points, new], axis=1), h
    return squared_error(train, width, law)


def recursion(n, m, rounds, real, shared=2.0, drawn=True, share=None, law=BELL, square=lambda z: np.abs(z) ** 2):
    """eq-kernel-loop with the slips one makes: half the covariance, V forgotten in the draws, a wrong share, square."""
    omega = np.linspace(0, 18, 3601)
    target = sum(w * np.exp(1j * omega * mean - v * omega**2 / 2) for w, mean, v in parts(law))
    a = n / (n + m) if share is None else share
    k0, k = (np.exp(-((1.06 * size**-0.2 * omega) ** 2) / 2) for size in (n, n + m))
    u = (1 - square(target)) / n
    phi, var, cov = k0 * target, k0**2 * u, k0 * u * (real == "reused")
    for _ in range(rounds):
        rest = 1 - square(phi) - (var if drawn else 0)
        var = k**2 * (a**2 * u + shared * a * (1 - a) * cov + (1 - a) ** 2 * var + m / (n + m) ** 2 * rest)
        cov = k * (a * u + (1 - a) * cov) if real == "reused" else cov
        phi = k * (a * target + (1 - a) * phi)
    return (np.abs(phi - target) ** 2 + var)[1:].sum().real * (omega[1] - omega[0]) / np.pi


@pytest.mark.claim("thm-kernel-loop")
@against(
    lambda n, m, i, real: kernel_loop_mise(BELL, n, m / n, i, regime=real)[-1],
    half_the_covariance=lambda n, m, i, real: recursion(n, m, i, real, shared=1.0 if real == "reused" else 0.9),
    one_round_less=lambda n, m, i, real: kernel_loop_mise(BELL, n, m / n, i - 1, regime=real)[-1],
    shares_exchanged=lambda n, m, i, real: recursion(n, m, i, real, share=m / (n + m)),
    other_data=lambda n, m, i, real: kernel_loop_mise(
        BELL, n, m / n, i, regime={"reused": "fresh"}.get(real, "reused")
    )[-1],
)
def test_the_exact_error_against_loops_point_by_point(mise):
    rng = np.random.default_rng(8)
    for n, m, rounds, real in ((4, 6, 3, "reused"), (4, 6, 3, "fresh"), (3, 9, 2, "reused")):
        errors = simulated_kernel_loop(n, m, rounds, real, 20_000, rng)
        assert abs(errors.mean() - mise(n, m, rounds, real)) < 5 * errors.std() / np.sqrt(len(errors))
        assert_allclose(
            recursion(n, m, rounds, real), kernel_loop_mise(BELL, n, m / n, rounds, regime=real)[-1], rtol=1e-6
        )


@pytest.mark.claim("thm-kernel-loop")
@against(
    lambda n, m, i, real: kernel_loop_mise(DATA, n, m / n, i, regime=real)[-1],
    without_modulus=lambda n, m, i, real: recursion(n, m, i, real, law=DATA, square=lambda z: z**2),
    real_part=lambda n, m, i, real: recursion(n, m, i, real, law=DATA, square=lambda z: z.real**2),
    half_the_covariance=lambda n, m, i, real: recursion(n, m, i, real, law=DATA, shared=1.0),
)
def test_the_exact_error_of_a_law_that_is_not_symmetric(mise):
    """Here characteristic functions are complex: the modulus of phi counts, and the real part of the covariance."""
    rng = np.random.default_rng(9)
    for n, m, rounds, real in ((2, 3, 3, "reused"), (2, 3, 3, "fresh")):
        errors = simulated_kernel_loop(n, m, rounds, real, 40_000, rng, law=DATA)
        assert abs(errors.mean() - mise(n, m, rounds, real)) < 5 * errors.std() / np.sqrt(len(errors))


@pytest.mark.claim("thm-kernel-loop")
@against(variance_forgotten=lambda n, m, i: recursion(n, m, i, "fresh", drawn=False))
def test_the_variance_of_the_draws_from_a_random_model(mise=lambda n, m, i: recursion(n, m, i, "fresh")):
    """One real point, three synthetic ones: the small term (m / N^2) V shows."""
    errors = simulated_kernel_loop(1, 3, 3, "fresh", 250_000, np.random.default_rng(3))
    assert abs(errors.mean() - mise(1, 3, 3)) < 5 * errors.std() / np.sqrt(len(errors))


@pytest.mark.claim("thm-kernel-loop")
@against(narrow_start="narrow", exact_start="exact")
def test_both_ends_give_the_error_of_the_first_estimate(start="matched"):
    h0 = 1.06 * 100**-0.2
    shape = 1 / (100 * h0) + 0.99 / np.sqrt(1 + h0**2) - 2 / np.sqrt(1 + h0**2 / 2) + 1
    first = shape / (2 * np.sqrt(np.pi))  # the error of one estimate of N(0, 1), in closed form
    for law, value in ((BELL, first), (DATA, None)):
        for real in ("reused", "fresh"):
            ends = [kernel_loop_mise(law, 100, ratio, 3, regime=real, start=start)[-1] for ratio in (0.0, 1e9)]
            expected = kernel_loop_mise(law, 100, 0.0, 0)[0] if value is None else value
            assert_allclose(ends, expected, rtol=2e-3)


def averaged_density(n, m, rounds, delta, real, loops, rng, at):
    """Mean and standard error of the density of the exact-score loop at a few places, point by point."""
    a, s = np.exp(-delta), np.sqrt(-np.expm1(-2 * delta))
    labels = rng.random((loops, n)) < 0.3
    draw = lambda: np.where(labels, rng.normal(-1.2, 0.5, (loops, n)), rng.normal(0.9, 0.4, (loops, n)))  # noqa: E731
    points = train = draw()
    for _ in range(rounds):
        picked = rng.integers(train.shape[1], size=(loops, m))
        new = a * np.take_along_axis(train, picked, axis=1) + s * rng.normal(size=(loops, m))
        if real == "fresh":
            labels = rng.random((loops, n)) < 0.3
            points = draw()
        train = np.concatenate([points, new], axis=1)
    density = norm.pdf(at[:, None, None], a * train, s).mean(axis=2)
    return density.mean(axis=1), density.std(axis=1) / np.sqrt(loops)


@pytest.mark.claim("prop-average")
@against(
    one_round_more=lambda i, alpha, delta: round_law(DATA, i + 1, alpha, delta, start=DATA.diffuse(delta)),
    shares_exchanged=lambda i, alpha, delta: round_law(DATA, i, 1 - alpha, delta, start=DATA.diffuse(delta)),
    perfect_start=lambda i, alpha, delta: round_law(DATA, i, alpha, delta),
)
@pytest.mark.parametrize("real", ["reused", "fresh"])
def test_the_average_model_is_the_ideal_law(
    real, law=lambda i, alpha, delta: round_law(DATA, i, alpha, delta, start=DATA.diffuse(delta))
):
    at = np.array([-1.2, 0.0, 0.9])
    mean, error = averaged_density(3, 9, 2, 0.1, real, 60_000, np.random.default_rng(2), at)
    assert np.all(abs(mean - law(2, 0.25, 0.1).density(at[:, None])) < 5 * error)


@pytest.mark.claim("prop-average")
@against(upper_bound=lambda average, ideal: average <= ideal, far_above=lambda average, ideal: average >= 9 * ideal)
def test_the_ideal_law_bounds_the_expected_distance(bound=lambda average, ideal: average >= ideal):
    """Mean TV of single kernel estimates of N(0, 1) against the TV of their mean, N(0, 1 + h^2)."""
    rng, h = np.random.default_rng(1), 0.6
    x = np.linspace(-7, 7, 281)
    p = norm.pdf(x)
    tv = [abs(norm.pdf(x[:, None], rng.normal(size=8), h).mean(axis=1) - p).sum() / 2 * 0.05 for _ in range(200)]
    ideal = abs(norm.pdf(x, 0, np.sqrt(1 + h * h)) - p).sum() / 2 * 0.05
    assert bound(np.mean(tv) - 5 * np.std(tv) / np.sqrt(200), ideal)
