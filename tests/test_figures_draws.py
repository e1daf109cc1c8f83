"""Random numbers of the figures, and the population of chapter 2 that is made of them: are they what they should be?"""

import functools

import numpy as np
import pytest
from scipy import stats

from echolimit import age_law, round_law
from echolimit.figures import PALETTE, genealogy_explorer
from echolimit.figures.draws import normal, uniform
from echolimit.figures.explorers.genealogy import ROUNDS, SIZE, alive, population
from echolimit.figures.style import BLENDS, blend
from strategies import line_example

COUNT = 100_000
DATA = line_example()


@pytest.mark.parametrize("seed", [0, 1, 2, 396, 2**31 - 1])
def test_draws_have_the_law_that_they_should_have(seed):
    numbers = uniform(seed, np.arange(COUNT))
    assert 0 < numbers.min() < numbers.max() < 1
    assert stats.kstest(numbers, "uniform").pvalue > 1e-6
    assert stats.kstest(normal(seed, np.arange(COUNT)), "norm").pvalue > 1e-6


@pytest.mark.parametrize("draws", [uniform, normal])
def test_draws_do_not_know_of_each_other(draws):
    one, other = (draws(seed, np.arange(COUNT)) for seed in (4, 5))
    for first, second in ((one[1:], one[:-1]), (one[2:], one[:-2]), (one[40:], one[:-40]), (one, other)):
        assert abs(np.corrcoef(first, second)[0, 1]) < 5 / np.sqrt(COUNT)


def test_a_draw_depends_on_its_number_alone():
    assert uniform(3, 7) == uniform(3, np.array([[5, 7]]))[0, 1]
    assert normal(3, 7) == normal(3, np.arange(10))[7]


@functools.cache
def populations(alpha: float, delta: float, rounds: int) -> list:
    return [population(DATA, alpha, delta, rounds, seed) for seed in range(1, 200)]


def agrees(values: np.ndarray, truth: np.ndarray) -> None:
    """Means over independent populations, first axis, lie within five standard errors of the truth."""
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    assert np.all(np.abs(values.mean(axis=0) - truth) <= 5 * error + 1e-12)


@pytest.mark.parametrize(("alpha", "rounds"), [(0.2, 8), (0.5, 12), (0.05, 3), (1.0, 2)])
def test_ages_of_the_population_follow_the_age_law(alpha, rounds):
    drawn = populations(alpha, 0.01, rounds)
    shares = np.array([np.bincount(one.age[-1], minlength=rounds + 1)[1:] / SIZE for one in drawn])
    agrees(shares, age_law(rounds, alpha))
    with pytest.raises(AssertionError):
        agrees(shares, np.roll(age_law(rounds, alpha), 1))  # ages counted from zero


@pytest.mark.parametrize(("alpha", "delta", "rounds"), [(0.2, 0.1, 8), (0.5, 0.3, 2), (0.2, 0.05, 0)])
def test_places_of_the_population_follow_the_law_of_the_round(alpha, delta, rounds):
    law = round_law(DATA, rounds, alpha, delta) if rounds else DATA
    mean, variance = float(law.mean()[0]), float(law.covariance()[0, 0])
    places = np.array([one.x[-1] for one in populations(alpha, delta, rounds)])
    agrees(places.mean(axis=1), np.array(mean))
    agrees((places**2).mean(axis=1), np.array(variance + mean**2))


def test_every_line_leads_back_to_a_data_point():
    for one in populations(0.2, 0.01, 8)[:20]:
        living = alive(one)
        assert living[-1].all()
        for j in range(SIZE):
            k, here, steps = 8, j, 0
            while k > 0 and one.parent[k, here] >= 0:
                here, k, steps = one.parent[k, here], k - 1, steps + 1
                assert living[k, here]
            assert steps + (k > 0) == one.age[-1, j]
        children = np.unique(one.parent[8][one.parent[8] >= 0])
        assert living[7].sum() == len(children)


def test_half_of_the_data_points_are_enough_for_forty_samples():
    """What chapter 2 says of the figure: about half as many data points as samples."""
    founders = [int((alive(one) & (one.parent < 0)).sum()) for one in populations(0.2, 0.01, 8)[:99]]
    assert founders[1] == 22  # the population that the figure starts with
    assert 15 <= min(founders) <= max(founders) <= 31


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0.0}, r"alpha must lie in \[0.02, 1\]"),
        ({"delta": 2.0}, r"delta must lie in \[0.001, 1\]"),
        ({"rounds": ROUNDS + 1}, r"round must lie in \[0, 12\]"),
        ({"seed": 0}, r"seed must lie in \[1, 99\]"),
    ],
)
def test_the_population_refuses_what_its_sliders_cannot_show(arguments, message):
    with pytest.raises(ValueError, match=message):
        genealogy_explorer(**arguments)


def test_colours_of_ages_follow_the_page():
    assert [blend(share) for share in (0.0, 1.0)] == [PALETTE["data"], PALETTE["round"]]
    html = genealogy_explorer().html
    for share in BLENDS[1:-1]:
        ends = [f"var(--echo-{name}, {PALETTE[name]})" for name in ("round", "data")]
        assert f"fill: color-mix(in srgb, {ends[0]} {share:.0%}, {ends[1]})" in html
        assert blend(share) not in html


def test_the_population_starts_anywhere():
    for rounds in (0, 1, 12):
        assert f"round {rounds}" in genealogy_explorer(rounds=rounds).html
