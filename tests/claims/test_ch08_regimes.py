"""Chapter 8: replace, accumulate and subsample in the normal location loop."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import polygamma

from controls import against
from echolimit import fit_gaussian, location_variance, simulate_regime, standard_gaussian


def enumerated(n, m, size, rounds):
    """Var mu_i / v under "subsample" by all choices of subsets: given them mu_i is linear in independent normals."""
    one = Fraction(1)
    states = [([{k: one} for k in range(n)], one)]  # (pool as linear forms, probability)
    out, fresh = [], n
    for i in range(rounds + 1):
        total, following = Fraction(0), []
        for pool, probability in states:
            subsets = list(itertools.combinations(range(len(pool)), size))
            for subset in subsets:
                mean = {}
                for k in subset:
                    for source, weight in pool[k].items():
                        mean[source] = mean.get(source, Fraction(0)) + weight / size
                part = probability / len(subsets)
                total += part * sum(w * w for w in mean.values())
                if i < rounds:
                    new = [{**mean, fresh + j: one} for j in range(m)]
                    following.append((pool + new, part))
        out.append(float(total))
        states, fresh = following, fresh + m
    return np.array(out)


def pool_recursion(rounds, n, m, s, correction=True, growth=True, first=None):
    """eq-pool with the slips one makes: drawing with replacement, a pool whose spread never grows."""
    size, p, q, out = n, 1 / n, 1.0, []
    for _ in range(rounds + 1):
        spread = size / (size - 1) * (q - p) if size > 1 else 0.0
        d = spread * (1 / s - (1 / size if correction else 0))
        out.append(p + d)
        q = (size * q + m * (1 + (p + d if growth else 0))) / (size + m)
        p += (m / (size + m)) ** 2 * (d + 1 / m)
        size += m
    return np.array(out)


@pytest.mark.claim("prop-regimes")
@against(
    lambda rounds, n, m, s: location_variance("subsample", rounds, n, m, s),
    with_replacement=lambda i, n, m, s: pool_recursion(i, n, m, s, correction=False),
    spread_of_the_data=lambda i, n, m, s: pool_recursion(i, n, m, s, growth=False),
    accumulate=lambda i, n, m, s: location_variance("accumulate", i, n, m),
    subsample_of_the_data=lambda i, n, m, s: np.full(i + 1, 1 / s),
)
@pytest.mark.parametrize(("n", "m", "s", "rounds"), [(2, 1, 2, 3), (3, 2, 2, 2), (3, 1, 1, 2), (2, 2, 1, 2)])
def test_subsampling_by_all_choices(n, m, s, rounds, variance):
    assert_allclose(variance(rounds, n, m, s), enumerated(n, m, s, rounds), rtol=1e-12)


@pytest.mark.claim("prop-regimes")
@against(
    lambda i, n, m: location_variance("accumulate", i, n, m),
    sum_from_zero=lambda i, n, m: 1 / n + m * np.cumsum(1 / (n + np.arange(i + 1) * m) ** 2),
    without_m=lambda i, n, m: 1 / n + np.cumsum(np.where(np.arange(i + 1) > 0, 1 / (n + np.arange(i + 1) * m) ** 2, 0)),
    replace=lambda i, n, m: location_variance("replace", i, n, m),
)
@pytest.mark.parametrize(("n", "m"), [(2, 3), (3, 3), (2, 5)])
def test_accumulating_and_replacing_by_the_weight_of_every_point(n, m, accumulate):
    """Linear forms in independent normals: the pool keeps all points; the newest alone for replace."""
    start = [np.eye(1, n, k)[0] for k in range(n)]
    for regime in ("accumulate", "replace"):
        pool, sources, squares = [row.copy() for row in start], n, []
        for _ in range(5):
            mean = np.mean(pool, axis=0)
            squares.append(mean @ mean)
            rows = [np.append(mean, np.eye(1, m, j)[0]) for j in range(m)]
            old = [np.append(row, np.zeros(m)) for row in pool] if regime == "accumulate" else []
            pool, sources = old + rows, sources + m
        exact = accumulate(4, n, m) if regime == "accumulate" else location_variance("replace", 4, n, m)
        assert_allclose(exact, squares, rtol=1e-12)
    assert_allclose(location_variance("replace", 4, n, m), 1 / n + np.arange(5) / m)


@pytest.mark.claim("prop-regimes")
@against(
    lambda x: 1 + polygamma(1, 1 + 1 / x) / x,
    trigamma_at_one=lambda x: 1 + polygamma(1, 1) / x,
    not_divided=lambda x: 1 + polygamma(1, 1 + 1 / x),
)
@pytest.mark.parametrize("ratio", [0.5, 2, 4])
def test_the_limit_of_accumulating(ratio, limit):
    variance = 8 * location_variance("accumulate", 200_000, 8, int(8 * ratio))
    assert np.all(np.diff(variance) > 0)
    assert variance[-1] < 2
    assert_allclose(variance[-1], limit(ratio), atol=2e-5)
    assert_allclose(1 + polygamma(1, 2), np.pi**2 / 6, rtol=1e-14)


@pytest.mark.claim("prop-regimes")
@against(
    lambda n, m, s: 2 / n + (1 + m / n) / (s - 1),
    accumulate=lambda n, m, s: 2 / n,
    data=lambda n, m, s: 1 / n + 1 / s,
)
def test_subsampling_is_bounded(bound):
    for n, m, s in itertools.product((2, 5, 40), (1, 7, 200), (2, 5, 30)):
        if s <= n:
            assert location_variance("subsample", 3000, n, m, s).max() < bound(n, m, s)


@pytest.mark.claim("prop-regimes")
@against(
    bounded=lambda n, m, i: 2 / n + (1 + m / n), without_m=lambda n, m, i: 1 + np.sum(1 / (n + m * np.arange(1, i + 1)))
)
def test_samples_of_one_point_have_no_bound(grown=lambda n, m, i: 1 + np.sum(m / (n + m * np.arange(1, i + 1)))):
    """Exact by all choices for few rounds (above); a logarithm in the long run."""
    for n, m in ((1, 3), (5, 2), (20, 20)):
        v = location_variance("subsample", 2000, n, m, 1)
        assert_allclose(v[-1], grown(n, m, 2000), rtol=1e-11)
        assert_allclose(v[2000] - v[1000], np.log(2), atol=2e-3)
    assert_allclose(enumerated(3, 2, 1, 2)[-1], grown(3, 2, 2), rtol=1e-12)


@pytest.mark.claim("prop-regimes")
@against(location_variance, doubled=lambda regime, i, n, m, s=None: 2 * location_variance(regime, i, n, m, s))
@pytest.mark.parametrize("regime", ["replace", "accumulate", "subsample"])
def test_the_simulator_agrees_with_the_exact_variance(regime, variance):
    """250 seeds, three rounds, five standard errors: the one interface against the three formulas."""
    s = 6 if regime == "subsample" else None
    run = simulate_regime(
        regime, standard_gaussian(1), fit_gaussian(1.0), lambda m: m.means[0, 0] ** 2, 3, 6, 6, range(250), subsample=s
    )
    assert np.all(abs(run.mean - variance(regime, 3, 6, 6, s)) < 5 * run.standard_error)
