"""The image grid before any script runs: its law, its weight, and what it refuses."""

import functools
import gzip

import numpy as np
import pytest

from echolimit import age_law
from echolimit.figures import image_grid_explorer
from echolimit.figures.explorers.image_grid import draw_images, pool_of, row_ages, tile
from echolimit.images import load_images
from echolimit.images.spectra import loop_ages, radial_power


@functools.cache
def pool() -> np.ndarray:
    return pool_of(load_images("patches", resolution=16).images)


def test_the_pool_varies_more_than_what_is_left_out():
    images = load_images("patches", resolution=16).images[:240]
    kept = pool()
    assert kept.shape == (48, 3, 16, 16)
    spread = np.sort(images.var(axis=(2, 3)).sum(axis=1))[::-1]
    np.testing.assert_allclose(np.sort(kept.var(axis=(2, 3)).sum(axis=1))[::-1], spread[:48], rtol=0.02)
    np.testing.assert_allclose(kept, np.rint(255 * (kept + 1) / 2) / 127.5 - 1, atol=1e-12)


def test_draws_have_the_ages_and_the_power_of_the_round():
    alpha, delta, rounds, sets = 0.2, 0.05, 6, 150
    law = loop_ages(rounds, alpha, delta)
    counts, power = np.zeros(rounds + 1), []
    for draw in range(1, sets + 1):
        images, ages = draw_images(pool(), rounds, alpha, delta, draw)
        assert np.all(np.diff(ages) >= 0)
        counts += np.bincount(ages, minlength=rounds + 1)
        power.append(radial_power(images).mean(axis=0))
    share, number = np.concatenate([[0.0], age_law(rounds, alpha)]), 36 * sets
    assert np.all(np.abs(counts / number - share) <= 5 * np.sqrt(share * (1 - share) / number))
    exact = law.kept(2) * radial_power(pool()).mean(axis=0) + law.added()
    error = np.std(power, axis=0, ddof=1) / np.sqrt(sets)
    assert np.all(np.abs(np.mean(power, axis=0) - exact) <= 5 * error)
    wrong = loop_ages(rounds + 1, alpha, delta)
    late = wrong.kept(2) * radial_power(pool()).mean(axis=0) + wrong.added()
    assert np.any(np.abs(np.mean(power, axis=0) - late) > 5 * error)


def test_round_zero_shows_the_images_and_full_fresh_data_one_age():
    images, ages = draw_images(pool(), 0, 0.1, 0.02, 3)
    assert not ages.any()
    assert all(any(np.array_equal(image, one) for one in pool()) for image in images)
    assert set(draw_images(pool(), 40, 1.0, 0.02, 3)[1]) == {1}
    assert row_ages(np.repeat([1, 2, 2, 3, 5, 9], 6))[:3] == ["1", "2", "2"]
    assert row_ages(np.arange(1, 37))[-1] == "31\N{EN DASH}36"
    picture = tile(images)
    assert picture.shape == (101, 101, 4)
    assert not picture[16].any()
    np.testing.assert_array_equal(picture[17:33, :16, 2], np.rint(127.5 * (images[6, 2] + 1)))


def test_the_figure_is_light():
    assert len(gzip.compress(image_grid_explorer().html.encode(), mtime=0)) < 100_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rounds": 41}, r"round must lie in \[0, 40\]"),
        ({"alpha": 0.01}, r"alpha must lie in \[0.02, 1\]"),
        ({"delta": 2.0}, r"delta must lie in \[0.001, 1\]"),
        ({"draw": 0}, r"draw must lie in \[1, 1000\]"),
        (
            {"images": np.zeros((4, 1, 16, 16))},
            r"images must have shape \(n, 3, s, s\) .* got \(4, 1, 16, 16\): average",
        ),
        ({"images": np.zeros((4, 3, 15, 15))}, "with n >= 1 and an even s of 8 to 32"),
        ({"images": np.zeros((4, 3, 64, 64))}, r"load_images\(name, resolution=16\)"),
        ({"images": np.zeros((0, 3, 16, 16))}, "with n >= 1"),
        ({"images": np.full((2, 3, 16, 16), np.nan)}, "images must"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        image_grid_explorer(**arguments)


def test_the_draw_is_a_whole_number():
    with pytest.raises(TypeError, match=r"draw must be an integer, got 1\.5"):
        image_grid_explorer(draw=1.5)
