"""Chapter 5: the race between fresh data and truncation, rates, and loops without fresh data."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.hermite_e import hermegauss, hermeval
from numpy.polynomial.laguerre import laggauss
from numpy.testing import assert_allclose

from controls import against
from echolimit import geometric_schedule, mean_noising_times, mode_amplitudes, polynomial_schedule
from line_laws import DATA, line, noised, step, tv

few = settings(max_examples=25, report_multiple_bugs=False)


def losses(n, rule, rounds):
    """1 - E exp(-n T_N) after each round, from the mode map written for the loss, and the last truncation time."""
    lost, history, delta = 0.0, [], 0.0
    for k in range(rounds):
        alpha, delta = rule(k)
        lost = -math.expm1(-n * delta) + (1 - alpha) * math.exp(-n * delta) * lost
        history.append(lost)
    return np.array(history), delta


@pytest.mark.claim("prop-slow-fresh")
@against(
    wins=lambda k: (1 / (k + 2) ** 0.5, 0.5 / (k + 1) ** 0.5),
    runs_out=lambda k: (0.5 / (k + 1) ** 2, 0.5 / (k + 1)),
    keeps_pace=lambda k: (1 / (k + 2), 0.5 / (k + 1)),
)
def test_truncation_that_falls_faster_than_fresh_data_is_forgotten(
    rule=lambda k: (1 / (k + 2) ** 0.5, 0.5 / (k + 1) ** 0.9),
):
    for n in (1, 4):
        history, _ = losses(n, rule, 20_000)
        assert history[-1] < 0.6 * history[1999]
        assert history[-1] < 0.03 * n


@pytest.mark.claim("prop-slow-fresh")
@against(
    lambda a: math.prod(1 - x for x in a[1:]) * (1 - math.exp(-0.3)),
    own_round_forgets_too=lambda a: math.prod(1 - x for x in a) * (1 - math.exp(-0.3)),
    all_later_noise=lambda a: math.prod(1 - x for x in a),
)
@settings(max_examples=1)
@given(alphas=st.just([0.6 / (k + 1) ** 2 for k in range(400)]))
def test_summable_fresh_shares_leave_a_loss(alphas, noise_of_round_zero):
    """With next to no truncation after round 0, its noise is what is left; more truncation only adds."""
    history, _ = losses(1, lambda k: (alphas[k], 0.3 * 1e-6**k), len(alphas))
    assert_allclose(history[-1], noise_of_round_zero(alphas), rtol=1e-5)
    more, _ = losses(1, lambda k: (alphas[k], 0.3 / (k + 1) ** 2), len(alphas))
    assert np.all(more >= noise_of_round_zero(alphas))


@pytest.mark.claim("prop-slow-fresh")
@against(
    lambda c, n: 1 / (1 + n * c),
    one_fixed_time=lambda c, n: math.exp(-n * c),
    degree_forgotten=lambda c, n: 1 / (1 + c),
)
@settings(max_examples=1)
@given(cases=st.just([(0.3, 1), (0.3, 4), (1.5, 2)]))
def test_truncation_no_smaller_than_fresh_data_is_not_forgotten(cases, ceiling):
    """No more than 1 / (1 + n c) is left in the end, which delta_k = c alpha_k meets as the shares get small."""
    for c, n in cases:
        even, _ = losses(n, lambda k: (0.2 / (k + 1) ** 0.5, c * 0.2 / (k + 1) ** 0.5), 20_000)  # noqa: B023
        assert_allclose(1 - even[-1], ceiling(c, n), rtol=2e-3)
        ragged, _ = losses(n, lambda k: (0.2 / (k + 1) ** 0.5, (1 + k % 3) * c * 0.2 / (k + 1) ** 0.5), 20_000)  # noqa: B023
        assert 1 - ragged[-1] <= ceiling(c, n)


def reset(tau):
    """E P_{tau E} p*, E exponential with mean one, by Gauss-Laguerre quadrature."""
    parts = [(w, noised(DATA, tau * u)) for u, w in zip(*laggauss(60), strict=True)]
    return line(*((w * a, m, v) for w, p in parts for a, m, v in zip(p.w, p.m, p.v, strict=True)))


@pytest.mark.claim("prop-slow-fresh")
@against(
    reset,
    one_fixed_time=lambda tau: noised(DATA, tau),
    mean_doubled=lambda tau: reset(2 * tau),
    the_data=lambda tau: DATA,
)
@settings(max_examples=1, deadline=None)
@given(tau=st.just(0.7))
def test_harmonic_schedules_end_in_the_resetting_limit(tau, limit):
    for start in (DATA, line((1.0, 2.0, 0.3))):
        p = start
        for k in range(150):
            p = step(DATA, p, 1 / (k + 2), tau / (k + 1))
        assert tv(p, limit(tau)) < 0.01
    for n in (1, 3):
        history, _ = losses(n, lambda k: (1 / (k + 2), tau / (k + 1)), 30_000)
        assert abs(history[-1] - n * tau / (1 + n * tau)) < 1e-3


@pytest.mark.claim("prop-schedule-rates")
@against(
    lambda a, n: (1 - a[1]) ** (n - 1) * (1 - math.exp(-a[0])),
    loss_without_saturation=lambda a, n: (1 - a[1]) ** (n - 1) * a[0],
    one_round_less=lambda a, n: (1 - a[1]) ** (n - 2) * (1 - math.exp(-a[0])),
)
@settings(max_examples=1)
@given(rounds=st.just(6))
def test_no_schedule_forgets_faster_than_fresh_data_come(rounds, bound):
    for first, alpha in ((0.1, 0.3), (2.0, 0.2), (0.7, 0.9)):
        history, _ = losses(1, lambda k: (alpha, first * 1e-4**k), rounds)  # noqa: B023
        for i in range(2, rounds + 1):
            assert history[i - 1] >= bound((first, alpha), i) * (1 - 1e-12)


def geometric_time(first, r, alpha, rounds):
    """b_N of a geometric schedule."""
    beta = 1 - alpha
    return rounds * first * beta ** (rounds - 1) if r == beta else first * (r**rounds - beta**rounds) / (r - beta)


@pytest.mark.claim("prop-schedule-rates")
@against(
    geometric_time,
    one_round_too_many=lambda f, r, a, n: geometric_time(f, r, a, n + 1),
    share_for_its_complement=lambda f, r, a, n: geometric_time(f, r, 1 - a, n),
    noise_never_forgotten=lambda f, r, a, n: f * (1 - r**n) / (1 - r),
)
@few
@given(
    first=st.fractions("1/50", "1/2"), r=st.fractions("1/10", "9/10"), a=st.fractions("1/10", "9/10"), share=st.just(0)
)
def test_mean_noising_time_of_geometric_schedules(first, r, a, share, formula):
    for ratio, rounds in ((r, 7), (1 - a, 9)):
        exact = Fraction(share)
        for k in range(rounds):
            exact = (1 - a) * exact + first * ratio**k
        assert formula(first, ratio, a, rounds) == exact
        found = mean_noising_times(float(a), geometric_schedule(rounds, float(first), float(ratio)))[-1]
        assert_allclose(found, float(exact), rtol=1e-12)


@pytest.mark.claim("prop-schedule-rates")
@against(
    lambda r, a: r / (r - 1 + a),
    one_over_alpha=lambda r, a: 1 / a,
    ratio_for_its_inverse=lambda r, a: 1 / (1 - (1 - a) * r),
    limit_of_r_alone=lambda r, a: 1 / (r - 1 + a),
)
@settings(max_examples=1)
@given(cases=st.just([(0.95, 0.2), (0.85, 0.3), (1.0, 0.2), (1.0, 0.5)]))
def test_the_factor_of_slow_schedules(cases, factor):
    for r, alpha in cases:
        rounds = 400 if r < 1 else 60_000
        for n in (1, 3):
            history, last = losses(n, lambda k: (alpha, 0.1 * r**k / (k + 1) ** (r == 1)), rounds)  # noqa: B023
            assert_allclose(history[-1] / -math.expm1(-n * last), factor(r, alpha), rtol=2e-3)
    schedule = polynomial_schedule(4000, 0.1, 2)
    lost = 1 - mode_amplitudes([1, 2], 0.2, schedule)[-1]
    assert_allclose(lost, np.array([1, 2]) * mean_noising_times(0.2, schedule)[-1], rtol=1e-4)


@pytest.mark.claim("prop-schedule-rates")
@against(
    lambda r, a: max(r, 1 - a),
    ratio_of_the_schedule=lambda r, a: r,
    forgetting_alone=lambda r, a: 1 - a,
    product=lambda r, a: r * (1 - a),
)
@settings(max_examples=1)
@given(cases=st.just([(0.9, 0.2), (0.5, 0.2), (0.3, 0.5)]))
def test_annealing_beyond_one_minus_alpha_buys_no_rate(cases, rate):
    for r, alpha in cases:
        history, last = losses(2, lambda k: (alpha, 0.4 * r**k), 150)  # noqa: B023
        assert_allclose(history[-1] / history[-2], rate(r, alpha), rtol=1e-3)
        assert_allclose(history[-1] / history[-51], rate(r, alpha) ** 50, rtol=2e-2)  # and no power of N beside it
        if r < 1 - alpha:
            assert history[-1] > 1e6 * -math.expm1(-2 * last)
    critical, last = losses(2, lambda k: (0.2, 0.1 * 0.8**k), 1500)
    assert_allclose(critical[-1] / (2 * 1500 * last), 1, rtol=5e-3)
    assert rate(0.8, 0.2) == 0.8


@pytest.mark.claim("prop-annealing-needs-fresh")
@against(
    lambda n, deltas: math.exp(-n * sum(deltas)),
    longest_time_only=lambda n, deltas: math.exp(-n * max(deltas)),
    variance_decay=lambda n, deltas: math.exp(-2 * n * sum(deltas)),
    degree_left_out=lambda n, deltas: math.exp(-sum(deltas)),
)
@few
@given(deltas=st.lists(st.floats(1e-3, 0.4), min_size=2, max_size=6))
def test_without_fresh_data_the_times_add_up(deltas, factor):
    p, (z, w) = DATA, hermegauss(12)
    for delta in deltas:
        p = step(DATA, p, 0.0, delta)
    for n in (1, 2, 3, 5):
        before, after = (
            sum(a * (w @ hermeval(m + math.sqrt(v) * z, [0] * n + [1])) for a, m, v in zip(*law, strict=True))
            for law in (DATA, p)
        )
        assert_allclose(after, factor(n, deltas) * before, rtol=1e-9)
    assert factor(1, [*deltas, 0.1]) < factor(1, deltas)
    assert tv(step(DATA, p, 0.0, 30.0), line((1.0, 0.0, 1.0))) < 1e-6
