"""A browser and a server for the built book, for the topics that look at pages."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# Compressed already: a server sends them as they are.
AS_THEY_ARE = (".woff", ".woff2", ".png", ".jpg", ".gif", ".gz")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files compressed, as hosts of static pages do, and without a line for each."""

    def do_GET(self) -> None:
        """Answer with the file, gzipped unless it is compressed already."""
        path = Path(self.translate_path(self.path))
        if not path.is_file() or path.name.endswith(AS_THEY_ARE):
            super().do_GET()
            return
        body = compressed(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@functools.cache
def compressed(path: Path) -> bytes:
    """The bytes of a file on the wire; kept, so that no visit waits for the compression."""
    return gzip.compress(path.read_bytes(), 6)


@contextlib.contextmanager
def served(folder: Path = SITE) -> Iterator[str]:
    """Address at which the folder is served while the block runs."""
    if not (folder / "index.html").is_file():
        raise RuntimeError("the book is not built: run make book first")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser of the system."""
    from playwright.sync_api import sync_playwright

    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        raise RuntimeError("no chromium or Chrome found on the path")
    # As root, in a container, chromium's own sandbox cannot start.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
