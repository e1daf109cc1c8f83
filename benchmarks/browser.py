"""The built book behind a server that compresses, as hosts of static pages do, for the topics that look at pages."""

from __future__ import annotations

import functools
import gzip
from contextlib import AbstractContextManager
from pathlib import Path

from booktools import browser

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
# Compressed already: a server sends them as they are.
AS_THEY_ARE = (".woff", ".woff2", ".png", ".jpg", ".gif", ".gz")


class Compressed(browser.Quiet):
    """Serves files compressed."""

    def do_GET(self) -> None:
        """Answer with the file, gzipped unless it is compressed already."""
        path = Path(self.translate_path(self.path))
        if not path.is_file() or path.name.endswith(AS_THEY_ARE):
            super().do_GET()
            return
        body = on_the_wire(path.name, path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@functools.cache
def on_the_wire(name: str, body: bytes) -> bytes:
    """The bytes of a file as they travel; kept, so that no visit waits for the compression."""
    return body if name.endswith(AS_THEY_ARE) else gzip.compress(body, 6)


def served(folder: Path = SITE) -> AbstractContextManager[str]:
    """Address, with a closing slash, at which the folder is served while the block runs."""
    if not (folder / "index.html").is_file():
        raise RuntimeError("the book is not built: run make book first")
    return browser.served(folder, Compressed)
