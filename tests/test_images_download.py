"""A download is gone on with where it broke off, in the same call or a later one, and accepted only when whole."""

import subprocess
import sys

import pytest
from tqdm import tqdm

from cifar10_archive import CONTENT, archive_of
from echolimit.images.download import ATTEMPTS, fetch
from image_server import Plan, files_in, serving


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.mark.parametrize("announce", [True, False])
def test_a_transfer_that_breaks_off_is_gone_on_with(tmp_path, announce):
    size = len(CONTENT)
    plan = Plan(CONTENT, cuts=[size // 3, 0, size // 4], announce=announce)
    with serving(plan) as address:
        path = fetch(archive_of(CONTENT, address).remote, tmp_path)
    assert path.read_bytes() == CONTENT
    assert plan.asked == [None, *[f"bytes={size // 3}-"] * 2, f"bytes={size // 3 + size // 4}-"]
    assert files_in(tmp_path) == ["cifar-10-binary.tar.gz"]


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(tmp_path):
    half = len(CONTENT) // 2
    with (
        serving(Plan(CONTENT, cuts=[half] + [0] * ATTEMPTS)) as address,
        pytest.raises(ConnectionError, match="what came is kept, load again to go on"),
    ):
        fetch(archive_of(CONTENT, address).remote, tmp_path)
    assert (tmp_path / "cifar-10-binary.tar.gz.part").read_bytes() == CONTENT[:half]
    plan = Plan(CONTENT)
    with serving(plan) as address:
        assert fetch(archive_of(CONTENT, address).remote, tmp_path).read_bytes() == CONTENT
    assert plan.asked == [f"bytes={half}-"]


def test_a_process_killed_in_a_transfer_loses_nothing(tmp_path):
    """Killed with no chance to clean up, after part of the bytes; the next call asks for the rest only."""
    third = len(CONTENT) // 3
    plan = Plan(CONTENT, cuts=[third])
    with serving(plan) as address:
        remote = archive_of(CONTENT, address).remote
        code = (
            "import os, signal\nfrom pathlib import Path\nfrom echolimit.images import download\n"
            "download.time.sleep = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
            f"download.fetch(download.{remote!r}, Path({str(tmp_path)!r}))"
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
        assert ended.returncode == -9
        assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert plan.asked == [None, f"bytes={third}-"]


def test_a_server_without_ranges_starts_over(tmp_path):
    with serving(Plan(CONTENT, cuts=[1000], ranges=False)) as address:
        assert fetch(archive_of(CONTENT, address).remote, tmp_path).read_bytes() == CONTENT


def test_a_server_without_ranges_that_always_breaks_off_is_given_up(tmp_path):
    plan = Plan(CONTENT, cuts=[1000] * 100, ranges=False)
    with serving(plan) as address, pytest.raises(ConnectionError, match="broke off after"):
        fetch(archive_of(CONTENT, address).remote, tmp_path)
    assert len(plan.asked) == ATTEMPTS + 1


def test_a_part_that_begins_elsewhere_is_not_taken(tmp_path):
    (tmp_path / "cifar-10-binary.tar.gz.part").write_bytes(CONTENT[:1000])
    with (
        serving(Plan(CONTENT, shift=5)) as address,
        pytest.raises(ConnectionError, match="another part than the one asked for"),
    ):
        fetch(archive_of(CONTENT, address).remote, tmp_path)
    assert (tmp_path / "cifar-10-binary.tar.gz.part").read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize("left", [b"wrong bytes", CONTENT + b"too long"])
def test_a_part_that_does_not_belong_is_thrown_away(tmp_path, left):
    """Too long: at once. Wrong bytes: the digest tells, and the next call begins anew."""
    (tmp_path / "cifar-10-binary.tar.gz.part").write_bytes(left)
    with serving(Plan(CONTENT)) as address:
        remote = archive_of(CONTENT, address).remote
        if len(left) < len(CONTENT):
            with pytest.raises(
                ValueError, match=r"part has sha256 \w{16}\.\.\., expected \w{16}.*thrown away; load again"
            ):
                fetch(remote, tmp_path)
        assert fetch(remote, tmp_path).read_bytes() == CONTENT


def test_a_bar_shows_what_a_slow_transfer_has_done(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tqdm.auto.tqdm", lambda **options: tqdm(**{**options, "delay": 0, "mininterval": 0}))
    with serving(Plan(CONTENT)) as address:
        fetch(archive_of(CONTENT, address).remote, tmp_path)
    assert "downloading cifar-10-binary.tar.gz: 100%" in capsys.readouterr().err


def test_without_tqdm_there_is_no_bar_and_all_else(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with serving(Plan(CONTENT)) as address:
        remote = archive_of(CONTENT, address).remote
        assert fetch(remote, tmp_path).read_bytes() == CONTENT


def test_a_folder_that_cannot_be_made_names_the_variable(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match=r"cannot be made .*set ECHOLIMIT_CACHE or cache to another folder"):
        fetch(archive_of(CONTENT).remote, tmp_path / "file" / "downloads")


def test_a_part_that_was_asked_for_comes_through_a_redirection(tmp_path):
    """The official address forwards to another host; what is missing is asked for there too."""
    (tmp_path / "cifar-10-binary.tar.gz.part").write_bytes(CONTENT[:1000])
    plan = Plan(CONTENT)
    with serving(plan) as there, serving(Plan(CONTENT, forward=there)) as address:
        assert fetch(archive_of(CONTENT, address).remote, tmp_path).read_bytes() == CONTENT
    assert plan.asked == ["bytes=1000-"]
