"""CIFAR-10: checked and unpacked in memory; each failure is named and leaves no trace."""

import os
import re
import subprocess
import sys
import tarfile

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cifar10_archive import CONTENT, FILES, RECORDS, archive_of, packed, whole_members
from echolimit.images import cifar10, load_images
from echolimit.images.cache import Cache
from echolimit.images.cifar10 import read_cifar10
from image_server import Plan, files_in, serving


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.delenv("ECHOLIMIT_CIFAR10", raising=False)


@pytest.mark.parametrize("split", ["train", "test", "all"])
def test_images_and_labels_are_those_of_the_records(cache, split):
    with serving(Plan(CONTENT)) as address:
        read = read_cifar10(split, cache, archive=archive_of(CONTENT, address))
    records = np.concatenate([FILES[name] for name in cifar10.MEMBERS[split]])
    assert_array_equal(read.labels, records[:, 0])
    assert_array_equal(read.pixels, records[:, 1:].reshape(-1, 3, 32, 32))
    assert read.classes[3] == "cat"
    assert read.words == "CIFAR-10 (A. Krizhevsky, 2009), official binary archive"


def test_load_images_scales_to_plus_minus_one(tmp_path, monkeypatch):
    with serving(Plan(CONTENT)) as address:
        monkeypatch.setattr(cifar10, "OFFICIAL", archive_of(CONTENT, address))
        images = load_images("cifar10", "test", cache=tmp_path)
    assert_allclose(images.rows, FILES["test_batch.bin"][:, 1:] / 127.5 - 1, atol=2e-7)
    assert images.name == "cifar10"
    assert images.provenance.startswith(
        "CIFAR-10 (A. Krizhevsky, 2009), official binary archive, 20 test images, sha256"
    )
    assert load_images("cifar10", "test", 16, cache=tmp_path, download=False).shape == (3, 16, 16)


def test_the_official_archive_is_pinned():
    remote = cifar10.OFFICIAL.remote
    assert remote.url == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    assert (remote.size, cifar10.OFFICIAL.records, len(remote.sha256)) == (170_052_171, 10_000, 64)


def test_what_is_in_the_cache_asks_no_network(cache):
    plan = Plan(CONTENT)
    with serving(plan) as address:
        archive = archive_of(CONTENT, address)
        first = read_cifar10("train", cache, archive=archive)
        read_cifar10("test", cache, archive=archive)
    assert plan.asked == [None]  # one download for both splits
    assert_array_equal(read_cifar10("train", cache, archive=archive).pixels, first.pixels)


def test_an_archive_put_there_by_hand_is_taken(cache):
    folder = cache.folder / "downloads"
    folder.mkdir(parents=True)
    (folder / "cifar-10-binary.tar.gz").write_bytes(CONTENT)
    assert len(read_cifar10("test", cache, download=False, archive=archive_of(CONTENT)).pixels) == RECORDS


def test_a_wrong_digest_leaves_the_cache_untouched(cache):
    wrong = bytes(len(CONTENT))
    with serving(Plan(wrong)) as address, pytest.raises(ValueError, match=r"has sha256 .*, expected"):
        read_cifar10("train", cache, archive=archive_of(CONTENT, address))
    assert files_in(cache.folder) == []


@pytest.mark.parametrize("length", [0, 100, -1])
def test_a_file_of_another_size_is_refused_before_it_is_fetched(cache, length):
    other = CONTENT + b"more" if length == -1 else CONTENT[:length]
    with (
        serving(Plan(other)) as address,
        pytest.raises(ValueError, match=f"is now a file of {len(other):,} bytes, expected {len(CONTENT):,}"),
    ):
        read_cifar10("train", cache, archive=archive_of(CONTENT, address))
    assert files_in(cache.folder) == []


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_answer_that_is_an_error_names_the_stand_in(cache, status):
    with (
        serving(Plan(CONTENT, status=status)) as address,
        pytest.raises(ConnectionError, match=rf"answered {status}.*load_images\(\"patches\"\) needs no network"),
    ):
        read_cifar10("train", cache, archive=archive_of(CONTENT, address))
    assert files_in(cache.folder) == []


def test_with_no_network_the_error_names_the_stand_in_and_the_place(cache):
    where = re.escape(str(cache.folder / "downloads"))
    with pytest.raises(ConnectionError, match=rf"refused.* put the archive into {where}; load_images\(\"patches\"\)"):
        read_cifar10("train", cache, archive=archive_of(CONTENT))
    assert files_in(cache.folder) == []


def test_without_leave_to_download_nothing_is_asked_or_made(cache):
    with pytest.raises(FileNotFoundError, match=r"not in the cache .*download=True.*load_images\(\"patches\"\)"):
        read_cifar10("train", cache, download=False, archive=archive_of(CONTENT))
    assert not cache.folder.exists()


def test_another_file_of_that_name_is_left_alone(cache):
    file = cache.folder / "downloads" / "cifar-10-binary.tar.gz"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"delete .*cifar-10-binary\.tar\.gz and load again"):
        read_cifar10("train", cache, archive=archive_of(CONTENT))
    assert file.read_bytes() == b"mine"


def test_a_damaged_entry_comes_back_from_the_archive(cache):
    with serving(Plan(CONTENT)) as address:
        archive = archive_of(CONTENT, address)
        first = read_cifar10("test", cache, archive=archive)
    (pixels,) = cache.folder.glob("images/*/pixels.npy")
    pixels.write_bytes(pixels.read_bytes()[:-1])
    with pytest.warns(RuntimeWarning, match="is damaged"):
        assert_array_equal(read_cifar10("test", cache, archive=archive).pixels, first.pixels)


def entry(name, kind=tarfile.REGTYPE, link="", size=0):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


def test_paths_and_links_that_lead_out_are_never_followed(tmp_path, cache):
    hostile = [
        entry("../../evil.bin", size=3),
        entry("/tmp/evil-echolimit.bin", size=3),
        entry("cifar-10-batches-bin", tarfile.SYMTYPE, "/etc"),
        entry("cifar-10-batches-bin/data_batch_1.bin", tarfile.SYMTYPE, "/etc/passwd"),
        entry("cifar-10-batches-bin/data_batch_2.bin", tarfile.LNKTYPE, "/etc/passwd"),
        entry("cifar-10-batches-bin/batches.meta.txt", size=3),
    ]
    content = packed(whole_members(), hostile)
    with serving(Plan(content)) as address:
        read = read_cifar10("train", cache, archive=archive_of(content, address))
    assert_array_equal(read.labels, np.concatenate([FILES[name][:, 0] for name in cifar10.TRAIN]))
    assert {path.split("/")[0] for path in files_in(cache.folder)} == {"downloads", "images"}
    assert not os.path.exists("/tmp/evil-echolimit.bin")
    assert list(tmp_path.iterdir()) == [cache.folder]


def link_only():
    members = whole_members()
    del members["data_batch_3.bin"]
    link = entry("cifar-10-batches-bin/data_batch_3.bin", tarfile.LNKTYPE, "cifar-10-batches-bin/data_batch_1.bin")
    return packed(members, [link])


def label_ten():
    records = FILES["data_batch_1.bin"].copy()
    records[7, 0] = 10
    return packed({**whole_members(), "data_batch_1.bin": records.astype(np.uint8).tobytes()})


DAMAGED = {
    "cut": (lambda: CONTENT[: len(CONTENT) // 2], "is damaged"),
    "no archive": (lambda: b"<html>sign in</html>" * 50, "is damaged"),
    "lacks a file": (link_only, "it lacks data_batch_3.bin; delete it and load again"),
    "short file": (
        lambda: packed({**whole_members(), "data_batch_2.bin": b"short"}),
        "data_batch_2.bin does not have 61,460 bytes",
    ),
    "long file": (
        lambda: packed({**whole_members(), "data_batch_2.bin": bytes(10**6)}),
        "data_batch_2.bin does not have 61,460 bytes",
    ),
    "label": (label_ten, "it has a label 10, above 9"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_archive_is_refused_and_nothing_is_kept(cache, name):
    """Even where the digest agrees."""
    make, message = DAMAGED[name]
    content = make()
    with serving(Plan(content)) as address, pytest.raises(ValueError, match=message):
        read_cifar10("train", cache, archive=archive_of(content, address))
    assert files_in(cache.folder) == ["downloads/cifar-10-binary.tar.gz"]


def test_two_processes_download_once(tmp_path):
    plan = Plan(CONTENT)
    with serving(plan) as address:
        archive = archive_of(CONTENT, address)
        code = (
            "from echolimit.images.cache import Cache\nfrom echolimit.images.cifar10 import *\n"
            f"print(len(read_cifar10('SPLIT', Cache({str(tmp_path)!r}), archive={archive!r}).pixels))"
        )
        commands = [[sys.executable, "-c", code.replace("SPLIT", split)] for split in ("train", "test")]
        processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
        assert [int(process.communicate(timeout=60)[0]) for process in processes] == [100, 20]
    assert plan.asked == [None]
