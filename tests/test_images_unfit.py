"""Folders and zips that are unfit are refused with a clear error, and the cache is untouched."""

import os
import shutil
import stat
import zipfile

import numpy as np
import pytest
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
    before = files_in(cache)
    spoil(folder)
    path = write_zip(tmp_path / "set.zip", folder) if packed else folder
    with pytest.raises(ValueError, match=UNFIT[spoil]):
        load_images(path, cache=cache)
    assert files_in(cache) == before
    assert len(load_images(folder, "test", cache=cache)) == 4


@pytest.mark.parametrize("content", ["nothing", "no classes", "other split"])
def test_a_folder_without_images_says_what_it_must_hold(tmp_path, folder, cache, content):
    empty = tmp_path / "empty"
    (empty / "train" / "cat").mkdir(parents=True)
    if content == "no classes":
        shutil.copy(folder / "train/cat/0.png", empty / "0.png")
    if content == "other split":
        shutil.copytree(folder / "test", empty / "test")
    ending = {
        "nothing": "it is empty",
        "no classes": "it holds 1 files outside class",
        "other split": "split = 'train'",
    }
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
    assert not cache.exists() or files_in(cache) == []


def test_a_zip_never_writes_where_its_paths_lead(tmp_path, folder, cache):
    path = tmp_path / "set.zip"
    data = (folder / "train/cat/0.png").read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../../train/cat/evil.png", "train/cat/../evil.png", "train/cat/0.png", "train/dog/0.png"):
            archive.writestr(zipfile.ZipInfo(name), data)
    before = {*tmp_path.rglob("*"), *tmp_path.parent.glob("*")}
    assert len(load_images(path, cache=cache)) == 2
    assert {p for p in (*tmp_path.rglob("*"), *tmp_path.parent.glob("*")) if cache not in (p, *p.parents)} == before


def test_a_zip_with_a_path_from_the_root_is_refused(tmp_path, folder, cache):
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("/train/cat/evil.png", "train/cat/0.png"):
            archive.writestr(zipfile.ZipInfo(name), (folder / "train/cat/0.png").read_bytes())
    with pytest.raises(ValueError, match=r"holds /train/cat/evil\.png, a path from the root"):
        load_images(path, cache=cache)


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path, folder, cache, monkeypatch):
    monkeypatch.setattr(folders, "MOST_IN_FILE", 50)
    with pytest.raises(ValueError, match="cannot be read: it unpacks to more than"):
        load_images(write_zip(tmp_path / "set.zip", folder), cache=cache)


def test_too_many_pixels_are_refused_before_they_are_decoded(folder, cache, monkeypatch):
    monkeypatch.setattr(folders, "MOST_BYTES", 8 * 3 * 36 - 1)
    with pytest.raises(ValueError, match="8 images of 6 x 6, more than 0 GiB: make them smaller first"):
        load_images(folder, cache=cache)


def test_a_file_that_may_not_be_read_is_named(folder, cache):
    file = folder / "train/dog/1.png"
    file.chmod(0)
    if os.access(file, os.R_OK):
        file.chmod(stat.S_IRUSR | stat.S_IWUSR)
        file.unlink()
        file.symlink_to(folder / "nowhere.png")
    with pytest.raises(OSError, match=r"1\.png"):
        load_images(folder, cache=cache)


def test_a_link_to_a_folder_is_refused_and_not_passed_over(tmp_path, folder, cache):
    shutil.move(folder / "train" / "dog", tmp_path / "dog")
    (folder / "train" / "dog").symlink_to(tmp_path / "dog")
    with pytest.raises(ValueError, match="train/dog is a link to a folder, which is not followed: copy it there"):
        load_images(folder, cache=cache)
