"""CIFAR-10 from a copy that the reader has: the binary archive, its folder, or class folders."""

import hashlib

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from cifar10_archive import CONTENT, FILES, RECORDS, archive_of, whole_members
from class_folders import write_zip
from echolimit.images import cifar10, folders, load_images


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(cifar10, "OFFICIAL", archive_of(CONTENT))
    monkeypatch.delenv("ECHOLIMIT_CIFAR10", raising=False)


def binary_archive(root):
    path = root / "any name.tar.gz"
    path.write_bytes(CONTENT)
    return path


def binary_folder(root):
    folder = root / "cifar-10-batches-bin"
    folder.mkdir()
    for name, data in whole_members().items():
        (folder / name).write_bytes(data)
    (folder / "readme.html").write_text("words")
    return folder


def class_folder(root):
    """The same images as PNG files in class folders."""
    folder = root / "classes"
    for split, names in cifar10.MEMBERS.items():
        if split == "all":
            continue
        for label in cifar10.CLASSES:
            (folder / split / label).mkdir(parents=True)
        for name in names:
            for place, record in enumerate(FILES[name].astype(np.uint8)):
                image = Image.fromarray(record[1:].reshape(3, 32, 32).transpose(1, 2, 0))
                image.save(folder / split / cifar10.CLASSES[record[0]] / f"{name}-{place}.png")
    return folder


def class_zip(root):
    return write_zip(root / "classes.zip", class_folder(root))


def in_order(images):
    order = np.lexsort(images.rows[:, :5].T)
    return images.images[order], images.labels[order]


FORMS = {
    binary_archive: "official binary archive",
    binary_folder: "binary version",
    class_folder: "a copy in class folders",
    class_zip: "a copy in class folders",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_images(tmp_path, monkeypatch, form):
    monkeypatch.setenv("ECHOLIMIT_CIFAR10", str(form(tmp_path)))
    for split in ("test", "all"):
        images = load_images("cifar10", split, cache=tmp_path / "cache")
        records = np.concatenate([FILES[name] for name in cifar10.MEMBERS[split]])
        wanted = records[:, 1:].reshape(-1, 3, 32, 32) / np.float32(127.5) - 1
        order = np.lexsort(wanted.reshape(len(wanted), -1)[:, :5].T)
        found, labels = in_order(images)
        np.testing.assert_allclose(found, wanted[order], atol=2e-7)
        assert_array_equal(labels, records[order, 0])
        assert images.name == "cifar10"
        assert images.classes == cifar10.CLASSES
        assert images.provenance.startswith(f"CIFAR-10 (A. Krizhevsky, 2009), {FORMS[form]}, {len(records)} ")
        assert str(tmp_path) not in images.provenance


def test_a_known_archive_says_what_it_is(tmp_path, monkeypatch):
    path = class_zip(tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(folders.KNOWN, digest, "CIFAR-10, JPEG re-encoding")
    monkeypatch.setenv("ECHOLIMIT_CIFAR10", str(path))
    images = load_images("cifar10", "test", 16, cache=tmp_path / "cache")
    assert images.provenance == (
        f"CIFAR-10, JPEG re-encoding, {RECORDS} test images, sha256 {digest[:16]}, averaged to 16 x 16"
    )


@pytest.mark.parametrize("form", [binary_archive, binary_folder])
def test_binary_copies_are_read_by_their_path_too(tmp_path, form):
    path = form(tmp_path)
    images = load_images(path, "test", cache=tmp_path / "cache")
    assert images.name == path.name
    assert_array_equal(images.labels, FILES["test_batch.bin"][:, 0])


def test_a_binary_folder_that_lacks_a_file_is_refused(tmp_path, monkeypatch):
    folder = binary_folder(tmp_path)
    (folder / "data_batch_4.bin").unlink()
    monkeypatch.setenv("ECHOLIMIT_CIFAR10", str(folder))
    assert len(load_images("cifar10", "test", cache=tmp_path / "cache")) == RECORDS
    with pytest.raises(ValueError, match=r"is damaged: it lacks data_batch_4\.bin"):
        load_images("cifar10", "train", cache=tmp_path / "cache")


def test_a_copy_that_is_not_there_names_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("ECHOLIMIT_CIFAR10", str(tmp_path / "nothing"))
    with pytest.raises(
        FileNotFoundError, match=r"ECHOLIMIT_CIFAR10 names .*, which does not exist: mend it or unset it"
    ):
        load_images("cifar10", cache=tmp_path / "cache")


def test_a_copy_that_is_something_else_is_refused(tmp_path, monkeypatch):
    folder = class_folder(tmp_path)
    for split in ("train", "test"):
        (folder / split / "cat").rename(folder / split / "lion")
    monkeypatch.setenv("ECHOLIMIT_CIFAR10", str(folder))
    with pytest.raises(ValueError, match="which is not CIFAR-10: it has 10 classes"):
        load_images("cifar10", "test", cache=tmp_path / "cache")
