"""Chapter 5: the mean noising time, which schedules lead back to the data, and singular data."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.hermite_e import hermegauss, hermeval
from numpy.testing import assert_allclose

from controls import against
from echolimit import mean_noising_times
from line_laws import DATA, grid, line, noised, step, tv, w1, w2

few = settings(max_examples=25, report_multiple_bugs=False)
shares = st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5)
deltas = st.lists(st.floats(1e-3, 1.5), min_size=5, max_size=5)


def noising_times(alphas, deltas):
    """(probability, noising time) of every pattern of coins, straight from the definition."""
    for coins in itertools.product([0, 1], repeat=len(alphas)):
        chance = math.prod(a if coin else 1 - a for coin, a in zip(coins, alphas, strict=True))
        last = max((k for k, coin in enumerate(coins) if coin), default=0)
        yield chance, sum(deltas[last:])


def average(f, alphas, deltas):
    return sum(chance * f(time) for chance, time in noising_times(alphas, deltas))


def run(alphas, deltas, start=DATA, data=DATA):
    """p_N by doing the rounds."""
    p = start
    for a, d in zip(alphas, deltas, strict=True):
        p = step(data, p, a, d)
    return p


@pytest.mark.claim("thm-mean-noising-time")
@against(
    lambda a, d: mean_noising_times(a, d)[-1],
    own_round_forgotten_too=lambda a, d: sum(d[k] * math.prod(1 - s for s in a[k:]) for k in range(len(d))),
    forgetting_from_the_start=lambda a, d: sum(d[k] * math.prod(1 - s for s in a[:k]) for k in range(len(d))),
    nothing_forgotten=lambda a, d: sum(d),
)
@few
@given(a=shares, d=deltas)
def test_the_mean_over_all_coins(a, d, mean):
    assert_allclose(mean(a, d), average(lambda t: t, a, d), rtol=1e-12)


def modes(law, degrees):
    """E h_n for each degree, by a Gauss rule that is exact for polynomials."""
    z, w = hermegauss(12)
    x = law.m[:, None] + np.sqrt(law.v)[:, None] * z
    return np.array([law.w @ hermeval(x, [0] * n + [1]) @ w for n in degrees]) / w.sum()


@pytest.mark.claim("thm-mean-noising-time")
@against(
    lambda n, a, d: average(lambda t: math.exp(-n * t), a, d),
    mean_time_for_the_random_one=lambda n, a, d: math.exp(-n * average(lambda t: t, a, d)),
    degree_forgotten=lambda n, a, d: average(lambda t: math.exp(-t), a, d),
    noise_for_the_amplitude=lambda n, a, d: average(lambda t: math.exp(-2 * n * t), a, d),
)
@few
@given(a=shares, d=deltas)
def test_each_mode_is_multiplied_by_its_mean_decay(a, d, factor):
    degrees = (1, 2, 3, 5)
    left = np.array([factor(n, a, d) for n in degrees])
    assert_allclose(modes(run(a, d), degrees), left * modes(DATA, degrees), rtol=1e-9, atol=1e-12)


def lost_between(n, b, square):
    """Both bounds of the share lost, from b_N and E T_N^2."""
    return n * b - n**2 * square / 2, 1 - math.exp(-n * b)


@pytest.mark.claim("thm-mean-noising-time")
@against(
    lost_between,
    no_second_moment=lambda n, b, square: (n * b, 1 - math.exp(-n * b)),
    degree_forgotten_above=lambda n, b, square: (n * b - n**2 * square / 2, 1 - math.exp(-b)),
    half_the_square_of_the_mean=lambda n, b, square: (n * b - n**2 * b**2 / 2, 1 - math.exp(-n * b)),
)
@few
@given(a=shares, d=deltas, n=st.integers(1, 6))
def test_the_lost_share_lies_between(a, d, n, bounds):
    lost = 1 - average(lambda t: math.exp(-n * t), a, d)
    low, high = bounds(n, average(lambda t: t, a, d), average(lambda t: t * t, a, d))
    assert low - 1e-12 <= lost <= high + 1e-12


def distance_bounds(b, square, second, fisher):
    """W_2^2 for any data, W_1 and W_2^2 for smooth data."""
    return b * (second + 2), b * math.sqrt(fisher), fisher * square


@pytest.mark.claim("thm-mean-noising-time")
@against(
    distance_bounds,
    one_d=lambda b, s, m, i: (b * (m + 1), b * math.sqrt(i), i * s),
    root_of_fisher_halved=lambda b, s, m, i: (b * (m + 2), b * math.sqrt(i) / 2, i * s),
    mean_squared=lambda b, s, m, i: (b * (m + 2), b * math.sqrt(i), i * b * b),
)
@settings(max_examples=1)
@given(rounds=st.just([([0.3, 0.2, 0.1, 0.3, 0.2], [0.02, 0.01, 0.03, 0.005, 0.01]), ([0.0, 0.9], [2.0, 0.001])]))
def test_distances_stay_below_their_bounds(rounds, bounds):
    atom, x = line((1.0, 0.0, 0.0)), np.linspace(-6, 20, 40001)
    for alphas, times in rounds:
        b, square = average(lambda t: t, alphas, times), average(lambda t: t * t, alphas, times)
        for data in (DATA, line((1.0, 1.5, 1.0)), line((1.0, 12.0, 1.0))):
            p, f = run(alphas, times, data, data), data.pdf(x)
            slope = np.gradient(f, x) / np.maximum(f, 1e-300) + x
            any_data, first, second = bounds(b, square, data.moment(2), float(np.trapezoid(f * slope**2, x)))
            assert w2(p, data) ** 2 <= any_data
            assert w1(p, data) <= first * (1 + 1e-4)
            assert w2(p, data) ** 2 <= second * (1 + 1e-3)
        spread = run(alphas, times, atom, atom).moment(2)  # W_2^2 to a point: there is only one coupling
        assert spread <= bounds(b, square, 0.0, 1.0)[0]


NULL = {  # alpha_k and delta_k of round k: all lead back to the data
    "power": lambda k: (0.2, 0.2 / (k + 1)),
    "slow": lambda k: (0.3, 0.3 / math.sqrt(k + 1)),
    "moving_share": lambda k: (0.3 + 0.2 * math.sin(k), 0.4 / (k + 2)),
}


def gaps(rule, rounds, start):
    """TV, W_2 and the norm of L2(1/gamma) to the data."""
    p = run(*zip(*(rule(k) for k in range(rounds)), strict=True), start)
    x = grid(p, DATA)
    norm = math.sqrt(np.trapezoid((p.pdf(x) - DATA.pdf(x)) ** 2 * np.exp(x * x / 2) * math.sqrt(2 * math.pi), x))
    return np.array([tv(p, DATA), w2(p, DATA, points=4001), norm])


STUCK = {  # the noising time does not tend to zero
    "floor": lambda k: (0.2, 0.1 + 0.1 / (k + 1)),
    "no_fresh_data": lambda k: (0.0, 0.2 / (k + 1) ** 2),
    "fresh_data_that_thin_out": lambda k: (1 / (k + 2), 0.5 / (k + 1)),
}


@pytest.mark.claim("thm-null-schedule")
@against(NULL, **{name: {name: rule} for name, rule in STUCK.items()})
@settings(max_examples=1, deadline=None)
@given(start=st.just(line((1.0, 1.0, 0.5))))
def test_a_schedule_that_tends_to_zero_leads_back(start, rules):
    for rule in rules.values():
        early, late = gaps(rule, 20, start), gaps(rule, 160, start)
        assert np.all(late <= 0.6 * early)


@pytest.mark.claim("thm-null-schedule")
@against(STUCK, **{name: {name: rule} for name, rule in NULL.items()})
@settings(max_examples=1, deadline=None)
@given(rounds=st.just(160))
def test_otherwise_the_data_do_not_come_back(rounds, rules):
    for rule in rules.values():
        assert np.all(gaps(rule, rounds, DATA) >= 0.9 * gaps(rule, rounds // 4, DATA))


@pytest.mark.claim("thm-null-schedule")
@against(
    lambda a: math.prod(1 - x for x in a),
    first_two_rounds_left_out=lambda a: math.prod(1 - x for x in a[2:]),
    last_round_only=lambda a: 1 - a[-1],
)
@few
@given(a=shares)
def test_short_noising_times_need_fresh_ancestors(a, without):
    """Lines without a fresh ancestor have been noised for delta_0 at least; here the later rounds add up to less."""
    times = [1.0, 0.4, 0.2, 0.1, 0.05]
    assert without(a) <= average(lambda t: t >= 1.0, a, times) + 1e-12


def atom_w2(z, alphas, times):
    """The square of W_2 of round N to the point mass at z."""
    return z * z * average(lambda t: (1 - math.exp(-t)) ** 2, alphas, times) + average(
        lambda t: 1 - math.exp(-2 * t), alphas, times
    )


@pytest.mark.claim("prop-singular-schedule")
@against(
    atom_w2,
    no_drift=lambda z, a, d: average(lambda t: 1 - math.exp(-2 * t), a, d),
    noise_of_half_the_time=lambda z, a, d: atom_w2(z, a, [t / 2 for t in d]),
    mean_time_only=lambda z, a, d: (
        z * z * (1 - math.exp(-average(lambda t: t, a, d))) ** 2 + 1 - math.exp(-2 * average(lambda t: t, a, d))
    ),
)
@few
@given(a=shares, d=deltas, z=st.floats(0.3, 3))
def test_w2_to_a_point_mass(a, d, z, square):
    p = run(a, d, line((1.0, z, 0.0)), line((1.0, z, 0.0)))
    found = square(z, a, d)
    assert_allclose(found, p.moment(2) - 2 * z * p.mean() + z * z, rtol=1e-9)
    b, second = average(lambda t: t, a, d), average(lambda t: t * t, a, d)
    assert 2 * (b - second) <= found * (1 + 1e-9)
    assert found <= (2 * b + z * z * second) * (1 + 1e-9)


@pytest.mark.claim("prop-singular-schedule")
@against(smooth_share=0.6, everything=1.0, nothing=0.0)
def test_total_variation_ends_at_the_singular_mass(share=0.4):
    atom, smooth = line((1.0, 0.7, 0.0)), line((1.0, -0.8, 0.3))
    data = line((0.4, 0.7, 0.0), (0.6, -0.8, 0.3))
    for rounds, gap in ((1, 0.4), (40, 0.12), (400, 0.03)):
        p = run([0.3] * rounds, [0.1 / (k + 1) for k in range(rounds)], noised(smooth, 0.2), data)
        x = np.unique(np.concatenate([np.linspace(-9, 9, 6001), 0.7 + np.geomspace(1e-6, 0.5, 3000)]))
        x = np.unique(np.concatenate([x, 1.4 - x]))
        distance = (np.trapezoid(np.abs(p.pdf(x) - 0.6 * smooth.pdf(x)), x) + 0.4) / 2  # the atom has no p_N-mass
        assert atom.m[0] == data.m[0]
        assert share - 1e-3 <= distance <= share + gap
