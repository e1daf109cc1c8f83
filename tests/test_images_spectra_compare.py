"""The table of a set of images: what agrees with theory and what does not, its columns, floors, and bad input."""

import json
import math

import numpy as np
import pytest
import torch

from echolimit import PointCloud, round_law
from echolimit.images.spectra import (
    METRICS,
    ImageReference,
    compare_images,
    draw_images,
    draw_normal,
    draw_resampled,
    loop_ages,
    metric_table,
    noise_sensitivity,
)
from echolimit.images.spectra.__main__ import main
from echolimit.images.spectra.compare import MOMENTS
from image_data import small_images

AGES = loop_ages(2, 0.4, 0.15)


@pytest.fixture(scope="module")
def reference():
    return ImageReference(small_images(600), held_out=small_images(900, seed=8), axes=6, projections=16, filters=16)


@pytest.fixture(scope="module")
def exact(reference):
    samples = reference.pixels_of(draw_images(reference, AGES, 400, np.random.default_rng(1)))
    return compare_images(samples, reference, AGES, rng=np.random.default_rng(2))


def test_exact_draws_agree_with_theory_in_every_metric(exact):
    assert [row.metric for row in exact] == list(METRICS)
    for row in exact:
        assert abs(row.z) < 5, row
        if row.metric in MOMENTS:
            assert abs(row.control - row.theory) < 5 * row.standard_error / 2, row
            assert row.theory_error == 0


def test_a_normal_law_agrees_in_moments_and_is_seen_by_its_shape(reference, exact):
    samples = draw_normal(reference, AGES, 400, np.random.default_rng(3))
    rows = {row.metric: row for row in compare_images(samples, reference, AGES, rng=np.random.default_rng(4))}
    for name in ("tail_variance", "spectral_slope", "spectral_contraction", "hermite_1"):
        assert abs(rows[name].z) < 5, rows[name]
    assert rows["shape_4"].z < -3
    for row in exact:  # the column of such draws, in the table of other images
        tolerance = 5 * math.sqrt(2) * max(rows[row.metric].standard_error, rows[row.metric].control_spread)
        assert abs(row.normal - rows[row.metric].measured) < tolerance, row


def test_another_round_is_told_apart(reference):
    samples = draw_images(reference, loop_ages(1, 0.4, 0.15), 400, np.random.default_rng(5))
    names = ["spectral_contraction", "tail_variance", "sliced_w2"]
    rows = compare_images(torch.tensor(samples), reference, AGES, names, 2, rng=np.random.default_rng(6))
    assert [row.metric for row in rows] == names
    assert rows[0].z > 5
    assert rows[1].z < -5


def test_columns_of_the_data_and_of_real_images(reference, exact):
    rows = {row.metric: row for row in exact}
    assert rows["hermite_2"].data == rows["spectral_contraction"].data == 1
    assert rows["tail_variance"].data == pytest.approx(reference.variances[-64:].mean())
    assert rows["sliced_w2"].data == 0
    assert rows["sliced_w2"].floor < rows["sliced_w2"].theory < rows["sliced_w2"].control
    assert rows["sliced_w2_to_law"].data == rows["sliced_w2"].theory
    assert abs(rows["spectral_slope"].floor - rows["spectral_slope"].data) < 5 * rows["spectral_slope"].floor_spread
    again = compare_images(small_images(400), reference, AGES, ["spectral_slope"], rng=np.random.default_rng(9))
    assert again[0].floor == rows["spectral_slope"].floor  # once for a reference, n and repeats


def test_without_held_out_images_the_floor_is_draws_of_the_data():
    reference = ImageReference(small_images(100))
    row = compare_images(small_images(80), reference, None, ["tail_variance"], rng=np.random.default_rng(0))[0]
    assert abs(row.floor - row.data) < 5 * row.floor_spread
    assert math.isnan(row.theory)
    assert math.isnan(row.normal)
    assert math.isnan(row.z)


def test_few_held_out_images_make_one_set_with_its_own_error():
    reference = ImageReference(small_images(100), held_out=small_images(50, seed=5), filters=8)
    names = ["tail_variance", "conv_frechet"]
    for row in compare_images(small_images(80), reference, None, names, rng=np.random.default_rng(0)):
        assert row.floor_spread > 0


def test_rows_without_pixels_and_an_echo_law(reference):
    white = ImageReference(reference.whiten(reference.rows, 8), projections=8)
    law = round_law(PointCloud(white.rows), 2, 0.4, 0.15)
    rows = compare_images(white.rows, white, law, rng=np.random.default_rng(0))
    names = [row.metric for row in rows]
    assert "spectral_slope" not in names
    assert "conv_frechet" not in names
    found = dict(zip(names, rows, strict=True))
    assert found["tail_variance"].theory == pytest.approx(1, abs=1e-6)  # whitened: kept in every round
    assert found["shape_3"].theory == pytest.approx(AGES.kept(3), rel=1e-4)


def test_controls_may_be_given(reference):
    sets = [draw_resampled(reference, [0.4] * 2, [0.15] * 2, 300, np.random.default_rng(k)) for k in range(3)]
    names, rng = ["tail_variance", "mmd"], np.random.default_rng(0)
    rows = compare_images(sets[0], reference, AGES, names, controls=sets[1:], rng=rng)
    own, other = (compare_images(x, reference, AGES, names, 2, rng=rng) for x in sets[1:])
    for row, one, two in zip(rows, own, other, strict=True):
        assert row.control == pytest.approx((one.measured + two.measured) / 2)


def test_the_table_is_narrow_and_the_record_is_json(exact):
    lines = metric_table(exact).splitlines()
    assert len(lines) == 1 + len(METRICS)
    assert max(map(len, lines)) <= 80
    again = json.loads(json.dumps([row.as_dict() for row in exact], allow_nan=False))
    assert again[0]["metric"] == "tail_variance"
    assert again[0]["z"] == pytest.approx(exact[0].z)
    unknown = compare_images(small_images(50), small_images(60), None, ["hermite_2"], rng=np.random.default_rng(0))
    assert unknown[0].as_dict()["theory"] is None
    assert " - " in metric_table(unknown)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": np.zeros((5, 3, 8, 8))}, "images of one size"),
        ({"samples": np.zeros((5, 127))}, "images of one size"),
        ({"samples": np.zeros((1, 128))}, "n >= 2"),
        ({"samples": np.full((5, 128), np.inf)}, "samples must be finite"),
        ({"metrics": ["fid"]}, "metrics must be one of"),
        ({"repeats": 1}, "repeats must be at least 2"),
        ({"controls": [np.zeros((5, 128))]}, "controls must be at least 2"),
        ({"controls": [np.zeros((5, 128))] * 2, "ages": None}, "of a round with ages"),
        ({"reference": np.zeros((5, 128)), "metrics": ["spectral_slope"]}, "do without pixels"),
        ({"reference": np.zeros((5, 8, 8))}, "images must have shape"),
    ],
)
def test_bad_input(reference, change, message):
    arguments = {"samples": np.zeros((5, 128)), "reference": reference, "ages": AGES} | change
    with pytest.raises(ValueError, match=message):
        compare_images(**arguments, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tail": 1.0}, r"tail must be in \(0, 1\)"),
        ({"axes": 0}, "axes must be at least 1"),
        ({"held_out": np.zeros((5, 3, 8, 8))}, "held_out must have shape"),
    ],
)
def test_bad_references(arguments, message):
    with pytest.raises(ValueError, match=message):
        ImageReference(small_images(20), **arguments)


def test_whitening_refuses_axes_without_variance():
    with pytest.raises(ValueError, match="take fewer"):
        ImageReference(small_images(20)).whiten(small_images(20), 60)


def test_noise_is_seen_soonest_by_the_tail(reference):
    found = noise_sensitivity(reference, [1e-3, 1e-1], 300, np.random.default_rng(0), repeats=3)
    assert set(found) == {name for name in METRICS if not name.endswith("_to_law")}
    assert found["tail_variance"][0] > 5
    assert found["tail_variance"][1] == pytest.approx(100 * found["tail_variance"][0], rel=0.2)
    assert abs(found["sliced_w2"][0]) < 1 < found["sliced_w2"][1]


def test_the_command_prints_the_table_and_reports_errors(capsys):
    assert main(["digits", "--n", "200", "--repeats", "2", "--times", "0.1"]) == 0
    printed = capsys.readouterr().out
    assert "t=0.1" in printed
    assert "tail_variance" in printed
    assert main(["digits", "--n", "20000"]) == 2
    assert "n must be at least 2 and at most" in capsys.readouterr().err
