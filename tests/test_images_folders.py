"""Folders and zips of class folders are read once and kept."""

import hashlib
import os
import shutil

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from class_folders import PIXELS, write_folder, write_zip
from echolimit.images import folders, load_images
from image_server import files_in


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "set", PIXELS)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def by_pixels(images):
    order = np.lexsort(images.rows.T)
    return images.rows[order], images.labels[order]


@pytest.mark.parametrize("source", ["folder", "zip", "wrapped zip", "wrapped folder"])
@pytest.mark.parametrize("split", ["train", "test", "all"])
def test_all_layouts_give_the_images_written(tmp_path, folder, cache, source, split):
    path = {
        "folder": lambda: folder,
        "zip": lambda: write_zip(tmp_path / "set.zip", folder),
        "wrapped zip": lambda: write_zip(tmp_path / "set.zip", folder, prefix="some-name-main/"),
        "wrapped folder": lambda: shutil.copytree(folder, tmp_path / "outer" / "inner").parent,
    }[source]()
    images = load_images(path, split, cache=cache)
    wanted = {name: values for name, values in PIXELS.items() if split in ("all", name.split("/")[0])}
    assert images.classes == ("cat", "dog")
    assert images.shape == (3, 6, 6)
    rows = np.stack([values.transpose(2, 0, 1).ravel() for values in wanted.values()]) / 127.5 - 1
    order = np.lexsort(rows.T)
    labels = np.array([name.split("/")[1] == "dog" for name in wanted], dtype=int)
    ours, our_labels = by_pixels(images)
    np.testing.assert_allclose(ours, rows[order], atol=2e-7)
    assert_array_equal(our_labels, labels[order])
    part = "images" if split == "all" else f"{split} images"
    assert (
        images.provenance == f"images in class folders, {path.name}, {len(wanted)} {part}, sha256 {images.digest[:16]}"
    )


def test_class_folders_without_splits_are_the_train_split(tmp_path, folder, cache):
    images = load_images(folder / "train", cache=cache)
    assert len(images) == len(load_images(folder / "train", "all", cache=cache)) == 8
    with pytest.raises(ValueError, match=r"split must be 'train' or 'all' for .*, got 'test': it has no folder test"):
        load_images(folder / "train", "test", cache=cache)


def test_the_digest_of_a_zip_is_that_of_the_file(tmp_path, folder, cache):
    path = write_zip(tmp_path / "set.zip", folder)
    assert load_images(path, cache=cache).digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_digest_of_a_folder_is_that_of_its_contents(tmp_path, folder, cache):
    moved = shutil.copytree(folder, tmp_path / "moved")
    first = load_images(folder, cache=cache)
    assert first.digest == load_images(moved, cache=cache).digest
    Image.fromarray(np.zeros((6, 6, 3), dtype=np.uint8)).save(moved / "train/cat/0.png")
    assert first.digest != load_images(moved, cache=cache).digest
    assert len(files_in(cache)) == 6


def test_grey_images_have_one_channel_and_mixed_ones_three(tmp_path, cache):
    grey = write_folder(tmp_path / "grey", PIXELS, mode="L")
    assert load_images(grey, cache=cache).shape == (1, 6, 6)
    Image.fromarray(PIXELS["train/cat/0.png"]).save(grey / "train/cat/0.png")
    mixed = load_images(grey, cache=cache)
    assert mixed.shape == (3, 6, 6)
    spread = np.ptp(mixed.images, axis=1).max(axis=(1, 2))
    assert_array_equal(np.sort(spread > 0), [False] * 7 + [True])


def test_a_set_is_decoded_once(folder, cache, monkeypatch):
    first = load_images(folder, cache=cache)
    monkeypatch.setattr(folders, "decode", lambda *_: pytest.fail("decoded again"))
    again = load_images(folder, cache=cache)
    assert_array_equal(first.images, again.images)
    assert_array_equal(first.labels, again.labels)
    assert (first.classes, first.provenance, first.digest) == (again.classes, again.provenance, again.digest)
    small = load_images(folder, resolution=2, cache=cache)
    assert small.shape == (3, 2, 2)
    assert small.provenance == f"{first.provenance}, averaged to 2 x 2"


def test_the_cache_folder_comes_from_the_environment(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("ECHOLIMIT_CACHE", str(tmp_path / "elsewhere"))
    load_images(folder)
    assert len(files_in(tmp_path / "elsewhere")) == 3


@pytest.mark.parametrize("damage", ["pixels.npy", "labels.npy", "about.json", "gone", "bytes"])
def test_a_damaged_entry_is_made_anew(folder, cache, damage):
    first = load_images(folder, cache=cache)
    (place,) = (cache / "images").iterdir()
    if damage == "gone":
        (place / "labels.npy").unlink()
    elif damage == "bytes":
        data = bytearray((place / "pixels.npy").read_bytes())
        data[-1] ^= 1
        (place / "pixels.npy").write_bytes(data)
    else:
        (place / damage).write_bytes((place / damage).read_bytes()[:-40])
    with pytest.warns(RuntimeWarning, match="is damaged .*: it is made anew"):
        assert_array_equal(load_images(folder, cache=cache).images, first.images)
    assert_array_equal(load_images(folder, cache=cache).images, first.images)  # and now without a warning


def test_a_cache_that_cannot_be_written_costs_a_warning(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(RuntimeWarning, match="cannot be written .*ECHOLIMIT_CACHE"):
        assert len(load_images(folder, cache=tmp_path / "file")) == 8


def test_nothing_half_written_is_left(folder, cache, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    with pytest.warns(RuntimeWarning, match="no room"):
        load_images(folder, cache=cache)
    assert files_in(cache) == []


def test_what_stands_beside_the_images_is_passed_over(folder, cache):
    (folder / "README.md").write_text("words")
    (folder / "train/.DS_Store").write_text("")
    (folder / "train/cat/._0.png").write_text("")
    (folder / "__MACOSX/train").mkdir(parents=True)
    (folder / "__MACOSX/train/0.png").write_text("")
    assert len(load_images(folder, cache=cache)) == 8


def test_only_squares_are_averaged_down(tmp_path, cache):
    wide = tmp_path / "wide"
    (wide / "cat").mkdir(parents=True)
    Image.new("L", (8, 4)).save(wide / "cat" / "0.png")
    assert load_images(wide, cache=cache).images.shape == (1, 1, 4, 8)
    with pytest.raises(ValueError, match=r"resolution must be None for images of 4 x 8 .*, got 4: only squares"):
        load_images(wide, resolution=4, cache=cache)


def test_known_archives_are_named_in_words(tmp_path, folder, cache, monkeypatch):
    path = write_zip(tmp_path / "set.zip", folder)
    plain = load_images(path, cache=cache)
    assert plain.provenance.startswith("images in class folders, set.zip, 8 train images")
    monkeypatch.setitem(folders.KNOWN, plain.digest, "Cats and dogs made of noise")
    assert load_images(path, cache=cache).provenance.startswith("Cats and dogs made of noise, 8 train images")
