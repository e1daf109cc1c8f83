"""The rows of chapter 10: with an exact sampler in the place of the network they must say that nothing is wrong."""

import json
import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

import echolimit as el
from echolimit.example_laws import RingLaw, named_law
from echolimit.learning import RunSettings
from echolimit.learning.keeping import RoundRecord
from echolimit.learning.vectors import exact_draws, ring_row, vector_rows

SETTINGS = {"loop": {"alpha": 0.3, "delta": 0.1, "rounds": 2, "samples": 4000}, "sampler": {"steps": 6, "T": 2.0}}


class Exact:
    """The exact score of P_t of a law, as a network would give it."""

    def __init__(self, law, scale=1.0):
        self.law, self.scale = law, scale

    def score(self, x, t):
        return self.scale * torch.from_numpy(self.law.diffuse(t).score(x.double().numpy())).float()

    def start(self, n, T, rng):
        return torch.randn(n, self.law.dimension, generator=rng)


def records(target, scale=1.0):
    rng = np.random.default_rng(8)
    for number in (1, 2):
        draws = exact_draws(target, 4000, [0.3] * number, [0.1] * number, rng)
        mix = el.round_law(target, number - 1, 0.3, 0.1)
        law = target if number == 1 else el.one_round(target, mix, 0.3, 0.1)
        model = Exact(target if number == 1 else law, scale)
        yield RoundRecord(number, 0.3, 0.1, torch.from_numpy(draws).float(), model, 0.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def rows():
    return vector_rows(records(named_law("plane")), RunSettings.from_dict(SETTINGS))


def test_an_exact_loop_has_no_error(rows):
    json.dumps(rows)
    assert rows["data"] == "plane"
    assert [row["round"] for row in rows["rounds"]] == [1, 2]
    for row in rows["rounds"]:
        theory = el.mode_amplitudes(np.arange(1, 5), 0.3, [0.1] * row["round"])[-1]
        assert np.all(np.abs(np.array(row["modes"]) - theory) < 5 * np.array(row["modes_error"]))
        assert row["sliced"]["theory"] < 3 * row["sliced"]["floor"]
        assert row["sliced"]["data"] > 3 * row["sliced"]["floor"]
        assert row["one_round"]["distance"] < 3 * row["one_round"]["floor"]
        counts = [int(count) for line in row["histogram"] for count in line.split()]
        assert len(counts) == 48**2
        assert sum(counts) >= 3990  # nearly all within the picture
    first = rows["rounds"][0]
    assert first["energy"]["energy"] < 1e-8
    assert first["paired"]["distance"] < 1e-4


def test_a_wrong_score_shows():
    """A score that is ten per cent too steep: the path energy is known, 2 int .01 E|s|^2 dt."""
    target = named_law("plane")
    first = vector_rows([next(iter(records(target, 1.1)))], RunSettings.from_dict(SETTINGS))["rounds"][0]
    x = target.sample(20_000, np.random.default_rng(0))
    grid = np.geomspace(0.1, 2.0, 40)
    rate = [2 * 0.01 * np.mean(np.sum(target.diffuse(t).score(noised(x, t)) ** 2, axis=1)) for t in grid]
    assert_allclose(first["energy"]["energy"], np.trapezoid(rate, grid), rtol=0.15)
    assert first["paired"]["distance"] > 0.01


def noised(x, t):
    return math.exp(-t) * x + math.sqrt(1 - math.exp(-2 * t)) * np.random.default_rng(1).standard_normal(x.shape)


def test_exact_draws_have_the_moments_of_the_round():
    target, rng = named_law("plane"), np.random.default_rng(0)
    alphas, deltas = [0.2, 0.5, 0.4], [0.3, 0.1, 0.05]
    draws = exact_draws(target, 200_000, alphas, deltas, rng)
    law = el.round_law(target, 3, alphas, deltas)
    assert_allclose(draws.mean(axis=0), law.mean(), atol=0.012)
    assert_allclose(np.cov(draws.T), law.covariance(), atol=0.02)


def test_the_ring_of_an_exact_score_is_steep_enough():
    """4096 points of the ring stand for it: the slope across is 1 / s^2 up to the curvature of the ring."""
    target, t = RingLaw(), 0.002
    angle = 2 * np.pi * np.arange(4096) / 4096
    cloud = el.PointCloud(1.5 * np.column_stack([np.cos(angle), np.sin(angle)]))
    draws = exact_draws(target, 5000, [0.5], [t], np.random.default_rng(2))
    record = RoundRecord(1, 0.5, t, torch.from_numpy(draws).float(), Exact(cloud), 0.0, 1.0, 1.0)
    row = ring_row(target, record)
    noise = 1 - np.exp(-2 * np.array(row["times"]))
    assert_allclose(row["slopes"][:3] * noise[:3], 1.0, rtol=0.02)
    assert_allclose(row["thickness"], el.ring_distance(1.5, 0.5, [t])[-1], rtol=0.05)
    assert_allclose(row["times"], t * 4.0 ** np.arange(6))
    assert_allclose(row["quantiles"][0], 0.6745 * math.sqrt(2 * t), rtol=0.05)
    assert row["hole"] == 0


def test_rows_of_a_ring():
    target = RingLaw()
    draws = torch.from_numpy(exact_draws(target, 4000, [0.3], [0.1], np.random.default_rng(3))).float()
    model = Exact(el.PointCloud(target.sample(500, np.random.default_rng(4))))
    settings = RunSettings.from_dict({**SETTINGS, "data": {"name": "ring"}})
    row = vector_rows([RoundRecord(1, 0.3, 0.1, draws, model, 0.0, 1.0, 1.0)], settings)["rounds"][0]
    assert "modes" not in row
    assert_allclose(row["radial"]["control"]["thickness"], row["radial"]["thickness"], rtol=0.1)


def test_other_data_are_refused():
    with pytest.raises(ValueError, match="name"):
        vector_rows([], RunSettings.from_dict({**SETTINGS, "data": {"name": "digits"}}))
