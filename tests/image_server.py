"""A web server on this machine that sends one file, whole or in parts, and breaks off where a test says so."""

import contextlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Plan:
    """What the server does, and what it was asked.

    cuts: bytes after which the first, second, ... answer breaks off.  ranges: whether it sends parts of the file.
    status: answer every request with this error.  announce: say how long the file is.  shift: answer ranges with a
    part that begins so many bytes later.  forward: another server that has the file.
    """

    def __init__(self, content, cuts=(), ranges=True, status=None, announce=True, shift=0, forward=None):
        self.content, self.cuts, self.ranges, self.status = content, list(cuts), ranges, status
        self.announce, self.shift, self.forward = announce, shift, forward
        self.asked = []


def _handler(plan):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = self.headers.get("Range")
            plan.asked.append(wanted)
            if plan.status is not None:
                self.send_error(plan.status)
                return
            if plan.forward is not None:
                self.send_response(302)
                self.send_header("Location", plan.forward + self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start, total = 0, len(plan.content)
            if wanted and plan.ranges:
                start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) + plan.shift
                if start >= total:
                    self.send_response(416)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            else:
                self.send_response(200)
            if plan.announce:
                self.send_header("Content-Length", str(total - start))
            self.end_headers()
            stop = start + plan.cuts.pop(0) if plan.cuts else total
            with contextlib.suppress(ConnectionError):
                self.wfile.write(plan.content[start:stop])
            self.close_connection = True

        def log_message(self, *_):
            pass

    return Handler


@contextlib.contextmanager
def serving(plan):
    """The address of a server that follows `plan`, as long as the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(plan))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def files_in(folder):
    """What stands in a cache folder, its locks aside."""
    return sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.parent.name != "locks"
    )
