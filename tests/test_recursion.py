"""The recursion in closed form against the recursion carried out, round by round and sample by sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from controls import against
from echolimit import (
    GaussianMixture,
    OrnsteinUhlenbeck,
    PointCloud,
    VarianceExploding,
    age_law,
    limit_law,
    one_round,
    round_law,
    sample_limit,
    sample_round,
    score_of,
    standard_gaussian,
)
from strategies import fresh_shares, line_example, plane_example, truncation_times

GRID = np.linspace(-5, 5, 41)[:, None]
START = GaussianMixture([1.0], [[2.0]], [0.5])
PROCESSES = [OrnsteinUhlenbeck(), VarianceExploding()]


def mixed(alpha: float, p: GaussianMixture, q: GaussianMixture) -> GaussianMixture:
    """alpha p + (1 - alpha) q with the components written out: independent of EchoLaw."""
    return GaussianMixture(
        np.concatenate([alpha * p.weights, (1 - alpha) * q.weights]),
        np.concatenate([p.means, q.means]),
        np.concatenate([p.covariances, q.covariances]),
    )


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("start", [None, START])
@pytest.mark.parametrize(
    ("alpha", "delta"), [(0.3, 0.1), (0.0, 0.2), (1.0, 0.2), ([0.2, 0.0, 0.9, 0.4, 0.1], [0.3, 0.05, 0.2, 0.01, 0.1])]
)
def test_round_law_equals_five_rounds_carried_out(process, start, alpha, delta):
    target, current = line_example(), start or line_example()
    for k in range(5):
        a, d = np.broadcast_to(alpha, 5)[k], np.broadcast_to(delta, 5)[k]
        current = mixed(a, target, current).diffuse(d, process)
    found = round_law(target, 5, alpha, delta, start, process)
    assert_allclose(found.density(GRID), current.density(GRID), rtol=1e-10)
    assert_allclose(found.score(GRID), current.score(GRID), rtol=1e-8, atol=1e-10)
    assert_allclose(found.mean(), current.mean(), rtol=1e-12)
    assert_allclose(found.covariance(), current.covariance(), rtol=1e-12)


@against(
    first_round_last=lambda t, n, a, d, s: round_law(t, n, a[::-1], d, s),
    truncation_reversed=lambda t, n, a, d, s: round_law(t, n, a, d[::-1], s),
)
def test_schedules_list_the_first_round_first(law=round_law):
    alphas, deltas, current = [0.1, 0.8, 0.3], [0.5, 0.02, 0.1], START
    for a, d in zip(alphas, deltas, strict=True):
        current = mixed(a, line_example(), current).diffuse(d)
    assert_allclose(law(line_example(), 3, alphas, deltas, START).density(GRID), current.density(GRID), rtol=1e-10)


def test_one_round_accepts_any_law_and_flattens_its_own():
    target = line_example()
    current = START
    for _ in range(4):
        current = one_round(target, current, 0.3, 0.1)
    assert current.start is START
    assert current.times.size == 4
    assert_allclose(current.density(GRID), round_law(target, 4, 0.3, 0.1, START).density(GRID), rtol=1e-12)
    nested = one_round(target, limit_law(START, 0.5, 0.1), 0.3, 0.1)
    expected = 0.3 * target.diffuse(0.1).density(GRID) + 0.7 * limit_law(START, 0.5, 0.1).diffuse(0.1).density(GRID)
    assert_allclose(nested.density(GRID), expected, rtol=1e-10)


@against(
    limit_law,
    sum_started_at_age_zero=lambda p, a, d: mixed(a, p, limit_law(p, a, d).as_mixture()) if a < 1 else p,
    half_the_truncation=lambda p, a, d: limit_law(p, a, d / 2),
)
@given(alpha=st.floats(0.05, 1.0), delta=truncation_times)
def test_the_limit_is_the_fixed_point(alpha, delta, law):
    target = line_example()
    limit = law(target, alpha, delta)
    again = one_round(target, limit, alpha, delta)
    assert_allclose(again.density(GRID), limit.density(GRID), rtol=1e-9, atol=1e-11)


def test_many_rounds_reach_the_limit_from_any_start():
    far = GaussianMixture([1.0], [[30.0]], [4.0])
    for start in (None, far):
        after = round_law(line_example(), 200, 0.2, 0.05, start)
        assert_allclose(after.density(GRID), limit_law(line_example(), 0.2, 0.05).density(GRID), atol=1e-13)


def test_all_fresh_data_reach_the_limit_in_one_round():
    found = limit_law(plane_example(), 1, 0.3)
    assert found.tv_error == 0
    assert_allclose(found.mean(), plane_example().diffuse(0.3).mean(), rtol=1e-14)


@given(alpha=fresh_shares, rounds=st.integers(1, 30))
def test_ages_are_a_capped_geometric_law(alpha, rounds):
    ages = age_law(rounds, alpha)
    assert ages.shape == (rounds,)
    assert_allclose(ages.sum(), 1, rtol=1e-12)
    assert_allclose(ages @ np.arange(1, rounds + 1), (1 - (1 - alpha) ** rounds) / alpha, rtol=1e-10)
    assert_allclose(ages[:-1], alpha * (1 - alpha) ** np.arange(rounds - 1), rtol=1e-12)


def test_ages_of_a_schedule_count_back_from_the_last_round():
    assert_allclose(age_law(3, [0.5, 0.1, 0.2]), [0.2, 0.8 * 0.1, 0.8 * 0.9])
    assert_allclose(age_law(4, 0.0), [0, 0, 0, 1])


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("start", [None, START])
def test_draws_of_a_round_follow_its_law(process, start):
    target, n = line_example(), 100_000
    law = round_law(target, 6, 0.3, 0.1, start, process)
    x = sample_round(target, n, 6, 0.3, 0.1, np.random.default_rng(3), start, process)
    for point in (-1.0, 0.0, 0.7, 1.5):
        p = float(law.cdf(point))
        assert abs(np.mean(x <= point) - p) < 5 * np.sqrt(p * (1 - p) / n)


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("law", [line_example(), PointCloud([[-1.0], [0.5], [2.0]])], ids=["mixture", "cloud"])
def test_draws_of_the_limit_follow_its_law(process, law):
    n = 100_000
    x = sample_limit(law, n, 0.2, 0.05, np.random.default_rng(4), process)
    limit = limit_law(law, 0.2, 0.05, process=process)
    for point in (-1.0, 0.0, 0.7, 1.5):
        p = float(limit.cdf(point))
        assert abs(np.mean(x <= point) - p) < 5 * np.sqrt(p * (1 - p) / n)


def test_the_same_seed_gives_the_same_draws():
    first, second = (sample_limit(line_example(), 5, 0.2, 0.05, np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(first, second)


def test_score_of_a_round_is_the_score_of_the_diffused_round():
    law = round_law(line_example(), 4, 0.3, 0.1, START)
    step = 1e-5
    slope = (law.diffuse(0.2).log_density(GRID + step) - law.diffuse(0.2).log_density(GRID - step)) / (2 * step)
    assert_allclose(score_of(law)(GRID, 0.2)[:, 0], slope, rtol=1e-6, atol=1e-6)


def test_as_mixture_is_the_same_law():
    for law in (
        round_law(plane_example(), 5, 0.3, 0.1, standard_gaussian(2)),
        limit_law(PointCloud([[0.0, 1.0], [2.0, -1.0]]), 0.3, 0.1),
        one_round(plane_example(), limit_law(standard_gaussian(2), 0.5, 0.1), 0.3, 0.1),
    ):
        x = np.random.default_rng(0).normal(size=(6, 2))
        assert_allclose(law.as_mixture().log_density(x), law.log_density(x), rtol=1e-12)
        assert_allclose(law.as_mixture().covariance(), law.covariance(), rtol=1e-12)


def test_no_rounds_leave_the_start():
    assert_allclose(round_law(line_example(), 0, 0.3, 0.1).density(GRID), line_example().density(GRID))
    assert_allclose(round_law(line_example(), 0, 0.3, 0.1, START).density(GRID), START.density(GRID))
    cloud = PointCloud([[0.0]])
    assert round_law(cloud, 0, 0.3, 0.1).sample(3, np.random.default_rng(0)).tolist() == [[0.0]] * 3


def test_laws_say_what_they_are():
    limit = limit_law(line_example(), 0.5, 0.1)
    assert repr(limit).startswith("EchoLaw(GaussianMixture(components=2, dimension=1), ages=40, tv_error=9.09e-13")
    assert repr(round_law(PointCloud([[0.0]]), 2, 0.5, 0.1, START)).count("start=GaussianMixture") == 1
    diffused = PointCloud([[0.0]]).diffuse(0.5)
    assert repr(diffused) == "PointCloud(points=1, dimension=1, signal=0.606531, variance=0.632121)"
