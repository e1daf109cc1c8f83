"""Stand-ins, resolutions and the values of an image set."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits, load_sample_image

from echolimit.images import ImageSet, load_images
from echolimit.images.image_set import mixed_order


@pytest.fixture(scope="module")
def patches():
    return load_images("patches", "all")


def test_the_default_is_the_patches_of_the_train_split():
    images = load_images()
    assert images.name == "patches"
    assert images.images.shape == (3925, 3, 32, 32)
    assert images.images.dtype == np.float32
    assert images.labels.dtype == np.int64
    assert -1 <= images.images.min() < images.images.max() <= 1


@pytest.mark.parametrize("name", ["digits", "patches"])
def test_splits_part_the_whole(name):
    train, test, everything = (load_images(name, split) for split in ("train", "test", "all"))
    assert len(train) + len(test) == len(everything)
    assert_array_equal(np.sort(np.concatenate([train.labels, test.labels])), np.sort(everything.labels))
    assert_allclose(train.images.mean(), test.images.mean(), atol=0.05)
    assert train.digest == test.digest == everything.digest


def test_digits_are_those_of_scikit_learn():
    ours, theirs = load_images("digits", "all"), load_digits()
    order = np.lexsort(ours.rows.T)
    wanted = theirs.data / 8 - 1
    assert_array_equal(ours.rows[order], wanted[np.lexsort(wanted.T)])
    assert ours.shape == (1, 8, 8)
    for image, label in list(zip(ours.rows, ours.labels, strict=True))[:50]:
        place = np.flatnonzero((wanted == image).all(axis=1))
        assert theirs.target[place[0]] == label


def test_a_patch_stands_in_its_photograph(patches):
    photographs = [load_sample_image(f"{name}.jpg").transpose(2, 0, 1) / 127.5 - 1 for name in patches.classes]
    found = 0
    for image, label in zip(patches.images[:300], patches.labels[:300], strict=True):
        photograph = photographs[label]
        corners = np.argwhere(np.abs(photograph[0, :-31:16, :-31:16] - image[0, 0, 0]) < 1e-6) * 16
        found += any(
            np.abs(photograph[:, top : top + 32, left : left + 32] - image).max() < 1e-6 for top, left in corners
        )
    assert 80 < found < 160  # 1950 of 4906 patches are at scale 1


def test_patches_of_all_scales_have_falling_detail(patches):
    assert len(patches) == 2 * (25 * 39 + 23 * 37 + 19 * 33)
    assert patches.classes == ("china", "flower")
    assert "danielbuechele" in patches.provenance
    assert "CC BY 2.0" in patches.provenance
    assert "not CIFAR-10" in patches.provenance


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_first_images_are_a_fair_sample(split):
    images = load_images("patches", split)
    assert abs(images.labels[:200].mean() - 0.5) < 5 * 0.5 / np.sqrt(200)


@pytest.mark.parametrize("resolution", [16, 8, 1])
def test_lower_resolutions_are_box_averages(resolution):
    full, low = load_images("patches", "test"), load_images("patches", "test", resolution)
    side = 32 // resolution
    wanted = full.images.reshape(len(full), 3, resolution, side, resolution, side).mean(axis=(3, 5), dtype=np.float64)
    assert_allclose(low.images, wanted, atol=2e-7)
    assert low.images.dtype == np.float32
    assert low.digest == full.digest


def test_the_same_call_gives_the_same_numbers():
    assert_array_equal(load_images("patches", "test").images, load_images("patches", "test").images)
    assert_array_equal(load_images("digits", "test", 8).images, load_images("digits", "test").images)


def test_rows_are_a_view_and_go_back(patches):
    assert np.shares_memory(patches.rows, patches.images)
    assert patches.rows.shape == (len(patches), 3072)
    assert_array_equal(patches.as_images(patches.rows[:3]), patches.images[:3])
    with pytest.raises(ValueError, match=r"rows must have shape \(m, 3072\) for images of 3 x 32 x 32, got \(2, 7\)"):
        patches.as_images(np.zeros((2, 7)))


def test_mixed_order_is_a_permutation_that_is_fixed():
    keys = [f"{number:04d}" for number in range(1000)]
    order = mixed_order(keys)
    assert_array_equal(np.sort(order), np.arange(1000))
    assert_array_equal(order[:3], [592, 730, 571])
    assert abs(np.corrcoef(order, np.arange(1000))[0, 1]) < 5 / np.sqrt(1000)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: load_images("cifar"), FileNotFoundError, "one of cifar10, digits, patches or a folder or zip that"),
        (lambda: load_images(3), TypeError, "name must be one of cifar10, digits, patches or a path, got 3"),
        (lambda: load_images("digits", "valid"), ValueError, "split must be one of train, test, all, got 'valid'"),
        (lambda: load_images("digits", "test", 5), ValueError, r"resolution must be one of \[1, 2, 4, 8\] .*, got 5"),
        (lambda: load_images("digits", "test", 16), ValueError, "resolution must be one of"),
        (lambda: load_images("digits", "test", 0), ValueError, "resolution must be at least 1, got 0"),
        (lambda: load_images("digits", "test", 8.0), TypeError, "resolution must be an integer"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_without_pillow_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r'pip install "echolimit\[images\]"'):
        load_images("patches")
    assert isinstance(load_images("digits"), ImageSet)
