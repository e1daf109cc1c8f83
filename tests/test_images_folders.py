"""Folders and zips of class folders: read once, kept, and refused with a clear error where they are unfit."""

import os
import shutil
import stat
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from echolimit.images import load_images

RNG = np.random.default_rng(0)
PIXELS = {
    f"{split}/{label}/{number}.png": RNG.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    for split, count in (("train", 4), ("test", 2))
    for label in ("cat", "dog")
    for number in range(count)
}


def write_folder(root, pixels, mode="RGB"):
    for name, values in pixels.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values if mode == "RGB" else values[..., 0]).save(root / name)
    return root


def write_zip(path, folder, prefix=""):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, prefix + file.relative_to(folder).as_posix())
    return path


@pytest.fixture()
def folder(tmp_path):
    return write_folder(tmp_path / "set", PIXELS)


@pytest.fixture()
def cache(tmp_path):
    return tmp_path / "cache"


def kept(cache):
    """What the cache holds, locks aside."""
    return sorted(p.relative_to(cache).as_posix() for p in cache.rglob("*") if p.is_file() and p.parent.name != "locks")


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
    assert f"{split}, {len(wanted)} images" in images.provenance
    assert images.digest[:16] in images.provenance


def test_class_folders_without_splits_are_the_train_split(tmp_path, folder, cache):
    images = load_images(folder / "train", cache=cache)
    assert len(images) == len(load_images(folder / "train", "all", cache=cache)) == 8
    with pytest.raises(ValueError, match="split must be 'train' or 'all' for .*, got 'test': it has no folder test"):
        load_images(folder / "train", "test", cache=cache)


def test_the_digest_of_a_zip_is_that_of_the_file(tmp_path, folder, cache):
    import hashlib

    path = write_zip(tmp_path / "set.zip", folder)
    assert load_images(path, cache=cache).digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_digest_of_a_folder_is_that_of_its_contents(tmp_path, folder, cache):
    moved = shutil.copytree(folder, tmp_path / "moved")
    first = load_images(folder, cache=cache)
    assert first.digest == load_images(moved, cache=cache).digest
    Image.fromarray(np.zeros((6, 6, 3), dtype=np.uint8)).save(moved / "train/cat/0.png")
    assert first.digest != load_images(moved, cache=cache).digest
    assert len(kept(cache)) == 6


def test_grey_images_have_one_channel_and_mixed_ones_three(tmp_path, cache):
    grey = write_folder(tmp_path / "grey", PIXELS, mode="L")
    assert load_images(grey, cache=cache).shape == (1, 6, 6)
    Image.fromarray(PIXELS["train/cat/0.png"]).save(grey / "train/cat/0.png")
    mixed = load_images(grey, cache=cache)
    assert mixed.shape == (3, 6, 6)
    spread = np.ptp(mixed.images, axis=1).max(axis=(1, 2))
    assert_array_equal(np.sort(spread > 0), [False] * 7 + [True])


def test_a_set_is_decoded_once(folder, cache, monkeypatch):
    from echolimit.images import folders

    first = load_images(folder, cache=cache)
    monkeypatch.setattr(folders, "decode", lambda *_: pytest.fail("decoded again"))
    again = load_images(folder, cache=cache)
    assert_array_equal(first.images, again.images)
    assert_array_equal(first.labels, again.labels)
    assert (first.classes, first.provenance, first.digest) == (again.classes, again.provenance, again.digest)
    assert load_images(folder, resolution=2, cache=cache).shape == (3, 2, 2)


def test_the_cache_folder_comes_from_the_environment(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("ECHOLIMIT_CACHE", str(tmp_path / "elsewhere"))
    load_images(folder)
    assert len(kept(tmp_path / "elsewhere")) == 3


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
    assert kept(cache) == []


def other_size(root):
    Image.new("RGB", (7, 6)).save(root / "train/dog/9.png")


def no_image(root):
    (root / "train/dog/notes.txt").write_text("not an image")


def cut_short(root):
    file = root / "train/dog/1.png"
    file.write_bytes(file.read_bytes()[:-60])


def sixteen_bits(root):
    Image.fromarray(np.zeros((6, 6), dtype=np.uint16)).save(root / "train/dog/1.png")


def deeper(root):
    (root / "train/dog/more").mkdir()
    shutil.copy(root / "train/dog/0.png", root / "train/dog/more/0.png")


UNFIT = {
    other_size: "train/dog/9.png is 6 x 7 and the images before it are 6 x 6|images must have one size",
    no_image: "notes.txt is no image that can be read: .*; mend it or take it out",
    cut_short: "1.png is no image that can be read",
    sixteen_bits: "not 8-bit grey or colour",
    deeper: "train/dog/more/0.png, deeper than CLASS/FILE",
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("spoil", UNFIT)
def test_unfit_contents_are_named_and_the_cache_untouched(tmp_path, folder, cache, spoil, packed):
    load_images(folder, "test", cache=cache)
    before = kept(cache)
    spoil(folder)
    path = write_zip(tmp_path / "set.zip", folder) if packed else folder
    with pytest.raises(ValueError, match=UNFIT[spoil]):
        load_images(path, cache=cache)
    assert kept(cache) == before
    assert len(load_images(folder, "test", cache=cache)) == 4


def test_what_stands_beside_the_images_is_passed_over(folder, cache):
    (folder / "README.md").write_text("words")
    (folder / "train/.DS_Store").write_text("")
    (folder / "train/cat/._0.png").write_text("")
    (folder / "__MACOSX/train").mkdir(parents=True)
    (folder / "__MACOSX/train/0.png").write_text("")
    assert len(load_images(folder, cache=cache)) == 8


@pytest.mark.parametrize("content", ["nothing", "no classes", "other split"])
def test_a_folder_without_images_says_what_it_must_hold(tmp_path, folder, cache, content):
    empty = tmp_path / "empty"
    (empty / "train" / "cat").mkdir(parents=True)
    if content == "no classes":
        shutil.copy(folder / "train/cat/0.png", empty / "0.png")
    if content == "other split":
        shutil.copytree(folder / "test", empty / "test")
    ending = {"nothing": "it is empty", "no classes": "it holds 1 files outside class", "other split": "split = 'train'"}
    with pytest.raises(ValueError, match=rf"holds no images for split = 'train'.*|{ending[content]}") as caught:
        load_images(empty, cache=cache)
    assert ending[content] in str(caught.value)
    assert not cache.exists()


@pytest.mark.parametrize("damage", ["cut", "no zip", "one member"])
def test_a_damaged_zip_is_refused(tmp_path, folder, cache, damage):
    path = write_zip(tmp_path / "set.zip", folder)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "no zip":
        path.write_bytes(b"hello")
    else:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo("train/dog/2.png")
        data[info.header_offset + 120] ^= 255
        path.write_bytes(data)
    with pytest.raises(ValueError, match=r"set\.zip.*(is no whole zip|train/dog/2\.png cannot be read).*again"):
        load_images(path, cache=cache)
    assert not cache.exists() or kept(cache) == []


def test_a_zip_never_writes_where_its_paths_lead(tmp_path, folder, cache):
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../../train/cat/evil.png", "/train/cat/evil.png", "train/cat/0.png", "train/dog/0.png"):
            archive.write(folder / "train/cat/0.png", name)
    before = {p for p in tmp_path.rglob("*") if "cache" not in p.parts}
    with pytest.raises(ValueError, match="deeper than CLASS/FILE|holds no images"):
        load_images(path, cache=cache)
    assert {p for p in tmp_path.rglob("*") if "cache" not in p.parts} == before


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path, folder, cache, monkeypatch):
    from echolimit.images import folders

    monkeypatch.setattr(folders, "MOST_IN_FILE", 50)
    with pytest.raises(ValueError, match="cannot be read: it unpacks to more than"):
        load_images(write_zip(tmp_path / "set.zip", folder), cache=cache)


def test_too_many_pixels_are_refused_before_they_are_decoded(folder, cache, monkeypatch):
    from echolimit.images import folders

    monkeypatch.setattr(folders, "MOST_BYTES", 8 * 3 * 36 - 1)
    with pytest.raises(ValueError, match="8 images of 6 x 6, more than 0 GiB: make them smaller first"):
        load_images(folder, cache=cache)


def test_only_squares_are_averaged_down(tmp_path, cache):
    wide = tmp_path / "wide"
    (wide / "cat").mkdir(parents=True)
    Image.new("L", (8, 4)).save(wide / "cat" / "0.png")
    assert load_images(wide, cache=cache).images.shape == (1, 1, 4, 8)
    with pytest.raises(ValueError, match=r"resolution must be None for images of 4 x 8 .*, got 4: only squares"):
        load_images(wide, resolution=4, cache=cache)


def test_known_archives_are_named_in_words(tmp_path, folder, cache, monkeypatch):
    from echolimit.images import folders

    path = write_zip(tmp_path / "set.zip", folder)
    plain = load_images(path, cache=cache)
    assert plain.provenance.startswith("Images in class folders, set.zip; train, 8 images")
    monkeypatch.setitem(folders.KNOWN, plain.digest, "Cats and dogs made of noise")
    assert load_images(path, cache=cache).provenance.startswith("Cats and dogs made of noise; train, 8 images")


def test_a_file_that_may_not_be_read_is_named(folder, cache):
    file = folder / "train/dog/1.png"
    file.chmod(0)
    if os.access(file, os.R_OK):
        file.chmod(stat.S_IRUSR | stat.S_IWUSR)
        file.unlink()
        file.symlink_to(folder / "nowhere.png")
    with pytest.raises(OSError, match=r"1\.png"):
        load_images(folder, cache=cache)
