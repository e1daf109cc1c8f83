"""Chapter 7: from round errors to drift, by brute force on finite spaces."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from controls import against
from echolimit import accumulated_drift, drift_ceiling, drift_floor


def chi2(p, q):
    return float(np.sum((p - q) ** 2 / q))


def random_loop(rng, alpha, rounds=12, points=6, size=0.5):
    """p*, and p_i of a loop whose rounds return the mix, tilted at random."""
    data = rng.dirichlet(np.ones(points) * 3)
    p = [rng.dirichlet(np.ones(points) * 3)]
    for _ in range(rounds):
        mix = alpha * data + (1 - alpha) * p[-1]
        tilted = mix * np.exp(size * rng.normal(size=points))
        p.append(tilted / tilted.sum())
    return data, p


def mixes(data, p, alpha):
    return [alpha * data + (1 - alpha) * q for q in p]


@pytest.mark.claim("prop-drift-identity")
@against(share_kept=lambda a: 1 - a, fresh_share=lambda a: a**2, complement=lambda a: 1 - a**2)
@pytest.mark.parametrize("alpha", [0.1, 0.3, 0.9])
def test_fresh_data_divide_the_drift(alpha, factor=lambda a: (1 - a) ** 2):
    data, p = random_loop(np.random.default_rng(1), alpha)
    for before, mix in zip(p, mixes(data, p, alpha), strict=True):
        assert_allclose(chi2(mix, data), factor(alpha) * chi2(before, data), rtol=1e-10)


@pytest.mark.claim("prop-drift-identity")
@against(
    late_errors_forgotten=lambda b, n, k: b**k,
    one_round_late=lambda b, n, k: b ** (n - k),
    nothing_forgotten=lambda b, n, k: 1.0,
)
def test_the_drift_is_a_sum_of_round_errors(weight=lambda b, n, k: b ** (n - 1 - k)):
    for seed, alpha in ((2, 0.2), (3, 0.7)):
        data, p = random_loop(np.random.default_rng(seed), alpha)
        errors = [after - mix for after, mix in zip(p[1:], mixes(data, p, alpha), strict=False)]
        n = len(errors)
        total = (1 - alpha) ** n * (p[0] - data) + sum(weight(1 - alpha, n, k) * e for k, e in enumerate(errors))
        assert_allclose(total, p[-1] - data, atol=1e-13)
        assert_allclose(np.sum(total**2 / data), chi2(p[-1], data), rtol=1e-10)


def two_points(g):
    return np.array([1 + g, 1 - g]) / 2


@pytest.mark.claim("thm-drift-floor")
@against(
    no_discount=lambda a, error, c: c * error / a**2,
    no_two=lambda a, error, c: c * error / (1 + (1 - a) ** 2),
    density_forgotten=lambda a, error, c: error / (2 - a) ** 2,
)
def test_the_floor_holds_and_is_sharp(floor=drift_floor):
    for alpha in (0.1, 0.5, 0.9):
        for g in (0.5, 0.1, 1e-3):  # errs to the other side each round: the drift stays at g^2
            data, mix = two_points(0.0), two_points((1 - alpha) * g)
            round_error, least = chi2(two_points(-g), mix), 1 - (1 - alpha) * g
            bound = floor(alpha, round_error, least)
            assert bound <= g**2 * (1 + 1e-9)
            assert_allclose(chi2(two_points(g), data), g**2)
        assert_allclose(bound, g**2, rtol=2e-3)  # the last g is small
        assert drift_floor(alpha, round_error, least, young=True) <= bound


@pytest.mark.claim("thm-drift-floor")
@against(
    lambda a, now, after: (np.sqrt(after) + (1 - a) * np.sqrt(now)) ** 2 / a,
    fresh_share_in_front=lambda a, now, after: (np.sqrt(after) + (1 - a) * np.sqrt(now)) ** 2 * a,
    difference=lambda a, now, after: (np.sqrt(after) - (1 - a) * np.sqrt(now)) ** 2 / a,
)
@pytest.mark.parametrize("seed", range(4))
def test_round_errors_are_paid_by_two_drifts(seed, most):
    rng = np.random.default_rng(seed)
    for alpha in (0.05, 0.4, 1.0):
        data, p = random_loop(rng, alpha, size=1.5)
        for now, after, mix in zip(p, p[1:], mixes(data, p, alpha), strict=False):
            assert chi2(after, mix) <= most(alpha, chi2(now, data), chi2(after, data)) + 1e-12


@pytest.mark.claim("thm-drift-floor")
@against(no_two=lambda b: (1, b**2), memory_forgotten=lambda b: (2, 0), young_halved=lambda b: (1, 2 * b**2))
@pytest.mark.parametrize("alpha", [0.1, 0.5])
def test_sums_of_round_errors_are_paid_by_sums_of_drifts(alpha, weights=lambda b: (2, 2 * b**2)):
    after, before = weights(1 - alpha)
    for seed in (None, 1, 2):
        data, p = two_points(0.0), [two_points(g) for g in 1e-3 * np.resize([1.0, -1.0], 12)]
        if seed is not None:
            data, p = random_loop(np.random.default_rng(seed), alpha, size=1.5)
        q, drift = mixes(data, p, alpha), [chi2(law, data) for law in p]
        least = min(np.min(mix / data) for mix in q)
        errors = [chi2(law, mix) for law, mix in zip(p[1:], q, strict=False)]
        assert alpha <= least <= 1
        assert least * sum(errors) <= after * sum(drift[1:]) + before * sum(drift[:-1])


@pytest.mark.claim("thm-drift-floor")
@against(floor_of_it=lambda a: (2 - a) ** 2, as_large_as_the_drift=lambda a: 1.0, nothing=lambda a: 0.0)
def test_divergent_errors_do_not_hold_the_drift_up(ratio=lambda a: a**2):
    alpha, data, g = 0.3, two_points(0.0), lambda i: 1 / np.sqrt(i + 2)
    for i in (10**4, 10**6):  # D_i = 1 / (i + 2) tends to zero, I_i = alpha^2 D_i (1 + o(1)) has no finite sum
        mix = alpha * data + (1 - alpha) * two_points(g(i))
        assert_allclose(chi2(two_points(g(i)), data), 1 / (i + 2), rtol=1e-9)
        assert_allclose(chi2(two_points(g(i + 1)), mix) * (i + 2), ratio(alpha), rtol=1e-3)


def with_tail(alpha, errors, start, ratio, tails):
    root, out = np.sqrt(start), [start]
    for error, tail in zip(errors, tails, strict=True):
        root = (1 - alpha) * root + np.sqrt(ratio * error + tail)
        out.append(root**2)
    return np.array(out)


@pytest.mark.claim("prop-drift-ceiling")
@against(
    with_tail,
    ratio_forgotten=lambda a, errors, start, ratio, tails: with_tail(a, errors, start, 1.0, 0 * tails),
    tail_forgotten=lambda a, errors, start, ratio, tails: with_tail(a, errors, start, ratio, 0 * tails),
    squares_added=lambda a, errors, start, ratio, tails: accumulated_drift(a, np.sqrt(ratio * errors + tails)),
)
def test_the_ceiling_holds_with_its_tail(ceiling):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        alpha, ratio = 0.15, 1.0 + rng.random()
        data = np.array([0.05, 0.95])
        p = [data]
        for _ in range(10):  # errs to the rare side, where the mix outgrows the data
            p.append(p[-1] * (1 - alpha) + alpha * data + 0.02 * np.array([1, -1]) * (1 + rng.random()))
        q = mixes(data, p, alpha)[:-1]
        errors = np.array([chi2(after, mix) for after, mix in zip(p[1:], q, strict=True)])
        tails = np.array([np.sum(((a - m) ** 2 / data)[m > ratio * data]) for a, m in zip(p[1:], q, strict=True)])
        drift = np.array([chi2(law, data) for law in p])
        bound = ceiling(alpha, errors, 0.0, ratio, tails)
        assert np.all(drift <= bound + 1e-12)
        assert_allclose(
            drift_ceiling(alpha, errors, 0.0, ratio, tails.max()),
            with_tail(alpha, errors, 0.0, ratio, np.full(10, tails.max())),
            rtol=1e-12,
        )


def additive(alpha, start, tail, ratio, errors, share=1.0):
    weights = (1 - alpha) ** np.arange(len(errors))[::-1]
    return (1 - alpha) ** len(errors) * start + tail / alpha ** (1 + share) + ratio / alpha**share * weights @ errors


@pytest.mark.claim("prop-drift-ceiling")
@against(
    additive,
    no_share=lambda a, start, tail, ratio, errors: additive(a, start, tail, ratio, errors, share=0.0),
    start_forgotten=lambda a, start, tail, ratio, errors: additive(a, 0.0, tail, ratio, errors),
    tail_forgotten=lambda a, start, tail, ratio, errors: additive(a, start, 0.0, ratio, errors),
    ratio_forgotten=lambda a, start, tail, ratio, errors: additive(a, start, tail, 0.0, errors),
)
def test_the_additive_form(bound):
    for alpha in (0.1, 0.4, 1.0):
        rng = np.random.default_rng(3)
        for start, push, ratio in [(0.6, 0.0, 1.0), (0.0, 0.02, 1.05), (0.0, 0.02, 60.0), (0.4, -0.001, 2.0)]:
            data = np.array([0.02, 0.98])
            p = [data + start * np.array([1, -1])]
            for _ in range(40):  # errs to the rare side, or back
                p.append(p[-1] * (1 - alpha) + alpha * data + push * (0.5 + rng.random()) * np.array([1, -1]))
            q = mixes(data, p, alpha)[:-1]
            errors = np.array([chi2(after, mix) for after, mix in zip(p[1:], q, strict=True)])
            tails = [np.sum(((a - m) ** 2 / data)[m > ratio * data]) for a, m in zip(p[1:], q, strict=True)]
            for n in (1, 4, 40):
                assert chi2(p[n], data) <= bound(alpha, chi2(p[0], data), max(tails), ratio, errors[:n]) + 1e-12


@pytest.mark.claim("prop-discounted-sums")
@against(
    accumulated_drift,
    discount_not_squared=lambda a, x, rho: (
        rho * (0 * x[0] + accumulated_drift(a, x, 1.0)) + (1 - rho) * np.append(0, np.cumsum(x**2))
    ),
    signs_exchanged=lambda a, x, rho: accumulated_drift(a, x, 1 - rho),
    fresh_share_as_memory=lambda a, x, rho: accumulated_drift(1 - a, x, rho),
)
def test_discounted_sums_by_simulation(law):
    for rho in (0.0, 1.0):
        compare_with_simulated_loops(rho, law)


def compare_with_simulated_loops(rho, law):
    rng, alpha, loops, dim = np.random.default_rng(9), 0.25, 20_000, 3
    sizes = 0.1 * (1 + np.arange(15) % 4)
    state, past, drift = np.zeros((loops, dim)), np.zeros((loops, dim)), [np.zeros(loops)]
    for x in sizes:
        unit = rng.normal(size=(loops, dim))
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        unit *= np.where(np.abs(past[:, :1]) > 0.1, 1.0, -1.0)  # depends on the past, mean zero given it
        if rho == 1:
            unit = np.ones((loops, dim)) / np.sqrt(dim)
        state = (1 - alpha) * state + x * unit
        past = state
        drift.append(np.sum(state**2, axis=1))
    drift = np.array(drift)
    expected = law(alpha, sizes, rho)
    error = drift.std(axis=1) / np.sqrt(loops)
    assert np.all(np.abs(drift.mean(axis=1) - expected) <= 5 * error + 1e-12)


@pytest.mark.claim("prop-discounted-sums")
@against(one=lambda a: 1.0, two_over_alpha=lambda a: 2 / a, squared=lambda a: (2 - a) ** 2 / a**2)
@pytest.mark.parametrize("alpha", [0.1, 0.2, 0.6])
def test_each_pattern_costs_the_same_factor_more(alpha, factor=lambda a: (2 - a) / a):
    signs = np.resize([1.0, -1.0], 2001)
    alternating = np.dot((1 - alpha) ** np.arange(2001.0)[::-1], signs) ** 2
    random = np.sum((1 - alpha) ** (2 * np.arange(2001.0)))
    same = np.sum((1 - alpha) ** np.arange(2001.0)) ** 2
    assert_allclose([same / random, random / alternating], factor(alpha), rtol=1e-9)
    assert_allclose(accumulated_drift(alpha, signs, 1.0)[-1], alternating, rtol=1e-10)


@pytest.mark.claim("prop-discounted-sums")
@against(bounded=lambda n: 10.0, square=lambda n: n**2, root=lambda n: np.sqrt(n))
def test_no_constant_compares_squares_with_aligned_errors(ratio=lambda n: n):
    for n in (2, 30, 200):
        sizes = 0.9 ** np.arange(n)
        aligned = accumulated_drift(0.1, sizes, 1.0)[-1]
        assert_allclose(aligned / accumulated_drift(0.1, sizes, 0.0)[-1], ratio(n), rtol=1e-10)


@pytest.mark.claim("prop-discounted-sums")
@against(
    as_if_uncorrelated=lambda b, x: np.sum((b ** np.arange(len(x))[::-1] * x) ** 2),
    last_round_only=lambda b, x: x[-1] ** 2,
)
def test_no_dependence_beats_aligned_errors(most=lambda b, x: np.sum(b ** np.arange(len(x))[::-1] * x) ** 2):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        sizes, keep = rng.random(8) + 0.2, 0.7
        errors = rng.normal(size=(500, 8, 3)) * (0.1 + rng.random(8))[:, None] + rng.normal(size=(500, 1, 3))
        errors *= (sizes / np.sqrt(np.mean(np.sum(errors**2, axis=2), axis=0)))[:, None]  # E |nu_k|^2 = x_k^2 exactly
        total = np.einsum("k,nkd->nd", keep ** np.arange(8)[::-1], errors)
        assert np.mean(np.sum(total**2, axis=1)) <= most(keep, sizes)
