"""What the tests of the book share: the built site, a miniature book, a browser that reaches no other host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from book.miniature import ROOT, write_miniature
from book.visits import Visit
from booktools.browser import chromium, find_browser, served

Build = Callable[[Path], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def site() -> Path:
    """The built book."""
    folder = ROOT / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.fail("there is no built book in _build/html: run `make book` first", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def build() -> Build:
    """Run the book's own build command on a folder; output and errors together in `stdout`."""

    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "booktools.build", "--source", str(folder)]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.run(command, cwd=ROOT, env=os.environ | {"NO_COLOR": "1"}, check=False, **pipes)

    return run


@pytest.fixture(scope="session")
def built_miniature(tmp_path_factory: pytest.TempPathFactory, build: Build) -> Path:
    """The miniature book, built once, whole: not to be changed."""
    folder = write_miniature(tmp_path_factory.mktemp("miniature"))
    result = build(folder)
    assert result.returncode == 0, result.stdout
    return folder


@pytest.fixture
def miniature(tmp_path: Path, built_miniature: Path) -> Path:
    """A copy of the miniature book to break, with the outputs of its cells: only changed cells are run again."""
    folder = tmp_path / "book"
    shutil.copytree(built_miniature, folder, ignore=shutil.ignore_patterns("html", ".doctrees", "jupyter_execute"))
    return folder


def browser_is_required() -> bool:
    """In continuous integration a missing browser is a failure: else a check would be lost in silence."""
    return bool(os.environ.get("CI")) or os.environ.get("ECHOLIMIT_REQUIRE_BROWSER") == "1"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, through playwright."""
    try:
        find_browser()
    except FileNotFoundError as reason:
        message = f"{reason}; the browser tests are left out"
        pytest.fail(message, pytrace=False) if browser_is_required() else pytest.skip(message)
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The built book, served on this machine; with a closing slash."""
    with served(site) as address:
        yield address


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Visit]]:
    """Open a page of the book: `visit("chapters/03-limit.html", width=360, color_scheme="dark")`; `.open` goes on."""
    contexts = []

    def open_page(path: str, width: int = 1280, height: int = 900, **settings: Any) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        return Visit(context.new_page(), address).open(path)

    yield open_page
    for context in contexts:
        context.close()
