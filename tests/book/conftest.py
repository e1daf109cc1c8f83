"""What the tests of the book share: the built site, a miniature book, a browser that reaches no other host."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from book.miniature import ROOT, write_miniature

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
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
    program = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if program is None:
        message = f"no chromium here (looked for {', '.join(BROWSERS)}): the browser tests are left out"
        pytest.fail(message, pytrace=False) if browser_is_required() else pytest.skip(message)
    from playwright.sync_api import sync_playwright

    # Chromium refuses its sandbox to root, which is what containers run as.
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Drop the line."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The built book, served on this machine; with a closing slash."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


class Visit:
    """An open page, and what went wrong on it."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.address = address
        self.foreign: list[str] = []  # requests to other hosts; each is blocked
        self.errors: list[str] = []  # console errors, uncaught exceptions, files that are missing
        page.route("**/*", self.watch)
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("response", lambda answer: self.errors.append(answer.url) if answer.status >= 400 else None)

    def watch(self, route: Any) -> None:
        """Let through what stays on this machine."""
        url = route.request.url
        if url.startswith((self.address, "data:", "blob:")):
            route.continue_()
        else:
            self.foreign.append(url)
            route.abort()

    def open(self, path: str) -> Visit:
        """Load a page of the book and wait for its fonts; forgets what the page before did."""
        self.foreign.clear()
        self.errors.clear()
        self.page.goto(self.address + path, wait_until="load")
        self.page.evaluate("async () => { await document.fonts.ready; }")
        return self


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
