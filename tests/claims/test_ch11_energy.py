"""Chapter 11, the claims on measuring a score error: twin paths, consistent errors, differences of energies."""

import numpy as np
import pytest

from controls import against
from echolimit import GaussianMixture, chi2_divergence, observe_score_error, score_of

pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit.learning.energy import energy_gap, path_energy
from echolimit.learning.observability import observe_paths

T, DELTA, V = 4.0, 0.02, 0.3


def noised(t):
    return 1 + (V - 1) * np.exp(-2 * t)


def eta_of_a_linear_error(c):
    """b = c(t) x on N(0, V I): part 3 gives E[M|y] = B (|y|^2 - d v_delta), B = 2 int c e^(-2(t - delta)) / v_t."""
    t = np.geomspace(DELTA, T, 20_001)
    B = np.trapezoid(2 * c(t) * np.exp(-2 * (t - DELTA)) / noised(t), t)
    return 2 * B**2 * noised(DELTA) ** 2 / np.trapezoid(2 * c(t) ** 2 * noised(t), t)


def correlation(score, reference, data, rng):
    found = observe_paths(score, reference, data, T, DELTA, rng, steps=40, branches=3)
    assert abs(found.martingale_mean) < 5 * found.martingale_mean_error
    return found.observability, found.observability_error


def half_the_martingale(score, reference, data, rng):
    """Each step counted with w / (2 sinh h), the half of what it adds."""
    eta, error = correlation(score, reference, data, rng)
    return eta / 4, error / 4


def noise_of_the_branches_left_in(score, reference, data, rng):
    """The variance of the mean of three branches, which holds a third of what the end does not tell."""
    eta, error = correlation(score, reference, data, rng)
    return eta + (1 - eta) / 3, error


@pytest.mark.claim("prop-twin-paths")
@against(half_the_martingale=half_the_martingale, noise_left_in=noise_of_the_branches_left_in)
def test_paths_that_share_their_end_give_the_exact_observability(share=correlation):
    law, rng = GaussianMixture([1.0], [[0.0, 0.0]], [V]), np.random.default_rng(1)
    score = score_of(law)
    data = law.sample(6000, rng)
    exact = observe_score_error(0.15, T, DELTA, V).observability
    eta, error = share(lambda x, t: score(x, t) + np.array([0.15, 0.0]), score, data, rng)
    assert abs(eta - exact) < 5 * error < 0.12
    for c in (lambda t: 0.05 + 0 * t, lambda t: 0.05 * np.exp(-t)):
        eta, error = share(lambda x, t, c=c: score(x, t) + c(t) * x, score, data, rng)
        assert abs(eta - eta_of_a_linear_error(c)) < 5 * error < 0.12


def tilted_share(law, wrong, data, rng):
    return observe_paths(score_of(wrong), score_of(law), data, T, DELTA, rng, steps=40, branches=2)


def with_an_error_turned_round(law, wrong, data, rng):
    """The same energy, but the error changes its sign half-way: no law has this score."""
    right, other = score_of(law), score_of(wrong)

    def score(x, t):
        return right(x, t) + (1 if t > 0.3 else -1) * (other(x, t) - right(x, t))

    return observe_paths(score, right, data, T, DELTA, rng, steps=40, branches=2)


@pytest.mark.claim("prop-consistent-errors")
@against(error_that_changes_its_sign=with_an_error_turned_round)
def test_the_score_of_a_wrong_law_is_seen_in_full(observe=tilted_share):
    law = GaussianMixture([0.3, 0.7], [[-1.2], [0.9]], [0.25, 0.16])
    wrong = GaussianMixture([0.31, 0.69], [[-1.2], [0.9]], [0.25, 0.16])  # = (1 + lambda f) law, f bounded
    rng = np.random.default_rng(3)
    found = observe(law, wrong, law.sample(6000, rng), rng)
    early, late = (chi2_divergence(wrong.diffuse(t), law.diffuse(t)) for t in (DELTA, T))
    assert abs(found.energy - (early - late)) < 5 * found.energy_error + 0.01 * early
    assert late / early < 0.01
    assert abs(found.observability - 1) < 5 * found.observability_error + 0.02
    assert found.observability_error < 0.05


@pytest.mark.claim("prop-consistent-errors")
@against(
    lambda early, late: 1 - late / early,
    in_full_at_any_time=lambda early, late: 1.0,
    over_the_difference=lambda early, late: 1 - late / (early - late),
    amplitude_for_power=lambda early, late: 1 - np.sqrt(late / early),
)
def test_the_bound_is_reached_by_a_shift_of_the_normal_law(least):
    """q = N(0, 1), q' = N(.1, 1), b = .1 exp(-t); chi-square by hand; T is not large."""
    data, rng, shift, end = np.random.default_rng(7).standard_normal((6000, 1)), np.random.default_rng(8), 0.1, 0.4
    early, late = (np.expm1((shift * np.exp(-t)) ** 2) for t in (DELTA, end))
    found = observe_paths(
        lambda x, t: -(x - shift * np.exp(-t)), lambda x, t: -x, data, end, DELTA, rng, steps=40, branches=2
    )
    assert abs(found.energy - (early - late)) < 5 * found.energy_error + 0.02 * early
    assert abs(found.observability - least(early, late)) < 5 * found.observability_error < 0.15


def against_clean_noise(score, other, data, rng):
    return energy_gap(score, other, data, T, DELTA, rng, steps=20)


def without_the_irreducible_part_cancelling(score, other, data, rng):
    """The energy of one score against the other, in place of the difference of their energies."""
    return path_energy(score, other, data, T, DELTA, rng, steps=20)


@pytest.mark.claim("prop-energy-gap")
@against(energy_between_the_two=without_the_irreducible_part_cancelling)
def test_the_difference_of_two_energies_needs_no_exact_score(gap=against_clean_noise):
    law, rng = GaussianMixture([0.3, 0.7], [[-1.2, 0.0], [0.9, 0.5]], [0.25, 0.16]), np.random.default_rng(4)
    exact, data = score_of(law), law.sample(8000, np.random.default_rng(5))
    worse = lambda x, t: exact(x, t) - 0.4 * x  # noqa: E731
    better = lambda x, t: exact(x, t) - 0.2 * np.exp(-t)  # noqa: E731
    found = gap(worse, better, data, rng)
    one, two = (path_energy(s, exact, data, T, DELTA, rng, steps=20) for s in (worse, better))
    error = np.hypot(found.standard_error, np.hypot(one.standard_error, two.standard_error))
    assert abs(found.energy - (one.energy - two.energy)) < 5 * error
    assert found.energy < one.energy + 5 * error
