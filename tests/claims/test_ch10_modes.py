"""Chapter 10: modes of the loop without a network, and a network as a filter."""

import functools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import eval_hermitenorm

import echolimit as el
from controls import against
from echolimit.hermite.ratios import mode_ratios, resampled_mode_variances

SIZE, ROUNDS, LOOPS = 6, 3, 40_000
ALPHAS, DELTAS = (0.3, 0.3, 0.2), (0.1, 0.1, 0.05)


def data(shape, rng):
    """.3 N(-1.2, .25) + .7 N(.9, .16), drawn by hand."""
    low = rng.random(shape) < 0.3
    return np.where(low, rng.normal(-1.2, 0.5, shape), rng.normal(0.9, 0.4, shape))


def h(n, x):
    return eval_hermitenorm(n, x) / math.sqrt(math.factorial(n))


@functools.cache
def many_loops():
    """Points (LOOPS, SIZE) of each round of as many separate loops."""
    rng, x, out = np.random.default_rng(3), None, []
    for alpha, delta in zip(ALPHAS, DELTAS, strict=True):
        fresh = data((LOOPS, SIZE), rng)
        if x is None:
            x = fresh
        else:
            old = np.take_along_axis(x, rng.integers(SIZE, size=x.shape), axis=1)
            x = np.where(rng.random(x.shape) < alpha, fresh, old)
        x = math.exp(-delta) * x + math.sqrt(1 - math.exp(-2 * delta)) * rng.standard_normal(x.shape)
        out.append(x)
    return out


@functools.cache
def spreads(n):
    """Standard deviations of h_n under the exact laws, from independent draws by ages."""
    rng, out, count = np.random.default_rng(4), [], 400_000
    for i in range(1, ROUNDS + 1):
        x = data(count, rng)
        for k in range(i):
            fresh = data(count, rng)
            if k:
                x = np.where(rng.random(count) < ALPHAS[k], fresh, x)
            x = math.exp(-DELTAS[k]) * x + math.sqrt(1 - math.exp(-2 * DELTAS[k])) * rng.standard_normal(count)
        out.append(h(n, x).std())
    return np.array(out)


def wrong_recursion(kept=lambda a, d, n: (1 - a) * math.exp(-n * d), reuse=1 - 1 / SIZE):
    def variances(spread, size, n, alpha, delta):
        x, out = 0.0, []
        for s, a, d in zip(spread, alpha, delta, strict=True):
            x = kept(a, d, n) ** 2 * reuse * x + s**2 / size
            out.append(x)
        return np.array(out)

    return variances


@pytest.mark.claim("prop-resampled-modes")
@against(
    resampled_mode_variances,
    no_memory=lambda spread, size, n, a, d: np.asarray(spread) ** 2 / size,
    replacement_forgotten=wrong_recursion(reuse=1.0),
    degree_forgotten=wrong_recursion(kept=lambda a, d, n: (1 - a) * math.exp(-d)),
    fresh_share_for_old=wrong_recursion(kept=lambda a, d, n: a * math.exp(-n * d)),
    square_of_one_factor=wrong_recursion(kept=lambda a, d, n: math.sqrt(1 - a) * math.exp(-n * d)),
)
def test_the_variance_of_a_mode_over_many_small_loops(variances):
    """40,000 loops of six points; each round's variance within five standard errors of a variance."""
    for n in (2, 3):
        exact = variances(spreads(n), SIZE, n, ALPHAS, DELTAS)
        for i, x in enumerate(many_loops()):
            modes = h(n, x).mean(axis=1)
            seen, centred = modes.var(), (modes - modes.mean()) ** 2
            assert abs(seen - exact[i]) < 5 * centred.std() / math.sqrt(LOOPS) + 2e-3 * seen


@pytest.mark.claim("prop-resampled-modes")
@against(
    lambda n: el.mode_amplitudes(n, ALPHAS, DELTAS)[1:],
    order_of_rounds=lambda n: el.mode_amplitudes(n, ALPHAS[::-1], DELTAS[::-1])[1:],
    degree_one=lambda n: el.mode_amplitudes(1, ALPHAS, DELTAS)[1:],
)
def test_the_small_loops_are_ideal_on_average(amplitudes):
    law = el.GaussianMixture([0.3, 0.7], [[-1.2], [0.9]], [0.25, 0.16])
    for n in (2, 3):
        for i, x in enumerate(many_loops()):
            modes = h(n, x).mean(axis=1)
            target = el.hermite_coefficients(law, n)[n] * amplitudes(n)[i]
            assert abs(modes.mean() - target) < 5 * modes.std() / math.sqrt(LOOPS)


@pytest.mark.claim("prop-resampled-modes")
@against(
    mode_ratios,
    not_normalised=lambda x, law, n: mode_ratios(x, law, n)._replace(
        ratios=mode_ratios(x, law, n).ratios * el.hermite_coefficients(law, n).degree_energies[1:]
    ),
    standard_error_of_one_draw=lambda x, law, n: mode_ratios(x, law, n)._replace(
        standard_errors=mode_ratios(x, law, n).spread
    ),
)
def test_a_ratio_is_the_sum_over_the_modes_of_its_degree(ratios):
    """Against the table of estimated modes, products by hand, and the spread over blocks of the sample."""
    law = el.GaussianMixture([0.4, 0.6], [[1.0, -0.5], [-0.8, 0.4]], [0.3, 0.5])
    x = law.diffuse(0.2).sample(4000, np.random.default_rng(0))
    found = ratios(x, law, 3)
    table = el.hermite_coefficients(law, 3)
    for n in (1, 2, 3):
        of_degree = [
            (c, math.prod(h(int(k), x[:, j]) for j, k in enumerate(index)))
            for index, c in zip(table.indices, table.coefficients, strict=True)
            if index.sum() == n
        ]
        energy = sum(c * c for c, _ in of_degree)
        values = sum(c * v for c, v in of_degree) / energy
        assert_allclose(found.ratios[n - 1], values.mean(), rtol=1e-9)
        assert_allclose(found.standard_errors[n - 1], values.std(ddof=1) / math.sqrt(len(x)), rtol=1e-9)
        assert abs(found.ratios[n - 1] - math.exp(-0.2 * n)) < 5 * found.standard_errors[n - 1]


def limit_by_odds(alpha, delta, n, g):
    return 1 / (1 / float(el.transfer(n, alpha, delta)) + math.exp(n * delta) / alpha * (1 / g - 1))


@pytest.mark.claim("prop-learned-filter")
@against(
    limit_by_odds,
    gain_on_the_limit=lambda a, d, n, g: g * float(el.transfer(n, a, d)),
    share_forgotten=lambda a, d, n, g: 1 / (1 / float(el.transfer(n, a, d)) + math.exp(n * d) * (1 / g - 1)),
    blur_forgotten=lambda a, d, n, g: 1 / (1 / float(el.transfer(n, a, d)) + (1 / g - 1) / a),
)
@pytest.mark.parametrize(("alpha", "delta", "n", "g"), [(0.1, 0.05, 4, 0.98), (0.5, 0.2, 2, 0.7), (0.3, 0.1, 3, 1.2)])
def test_the_limit_of_a_loop_with_a_gain(alpha, delta, n, g, limit):
    ratio = 1.0
    for _ in range(2000):
        ratio = g * math.exp(-n * delta) * (alpha + (1 - alpha) * ratio)
    assert_allclose(limit(alpha, delta, n, g), ratio, rtol=1e-9)


@pytest.mark.claim("prop-learned-filter")
@against(
    lambda a, b, g: (1 - g) / (1 - (1 - a) * g * b),
    over_the_share=lambda a, b, g: (1 - g) / a,
    ideal_compounding=lambda a, b, g: (1 - g) / (1 - (1 - a) * b),
    one_round=lambda a, b, g: 1 - g,
)
@pytest.mark.parametrize(("alpha", "b", "g"), [(0.1, 0.82, 0.9), (0.5, 0.7, 0.6), (0.3, 0.5, 1.3)])
def test_what_the_gain_takes_from_the_limit(alpha, b, g, share):
    """The loop with the gain and the ideal one, both iterated; never more than (1 - g) / alpha."""
    with_gain = ideal = 1.0
    for _ in range(2000):
        with_gain, ideal = g * b * (alpha + (1 - alpha) * with_gain), b * (alpha + (1 - alpha) * ideal)
    assert_allclose(share(alpha, b, g), 1 - with_gain / ideal, rtol=1e-9)
    assert g > 1 or 1 - with_gain / ideal <= (1 - g) / alpha


@pytest.mark.claim("prop-learned-filter")
@against(
    lambda d, n, g: d + math.log(1 / g) / n,
    degree_forgotten=lambda d, n, g: d + math.log(1 / g),
    wrong_side=lambda d, n, g: d - math.log(1 / g) / n,
)
def test_a_gain_is_a_truncation_time(effective):
    alpha, delta, n, g = 0.3, 0.1, 3, 0.95
    ratio, low, high = 1.0, 1.0, 1.0
    rng = np.random.default_rng(0)
    changing = 1.0
    for i in range(1, 12):
        ratio = g * math.exp(-n * delta) * (alpha + (1 - alpha) * ratio)
        ages = el.age_law(i, alpha)
        assert_allclose(ages @ np.exp(-n * effective(delta, n, g) * np.arange(1, i + 1)), ratio, rtol=1e-12)
        one = rng.uniform(0.8, 1.1)
        low, changing, high = (
            f * math.exp(-n * delta) * (alpha + (1 - alpha) * r) for f, r in ((0.8, low), (one, changing), (1.1, high))
        )
        assert low <= changing <= high
    b = 1.2 / (1 - alpha)  # a gain so large that the loop runs away
    ratio = 1.0
    for _ in range(300):
        ratio = b * (alpha + (1 - alpha) * ratio)
    assert ratio > 1e6
