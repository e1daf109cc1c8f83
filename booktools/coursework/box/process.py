"""One box: started, asked, ended."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from booktools.coursework.box import command
from booktools.coursework.box.inside import wire
from booktools.coursework.box.library import write_changed
from booktools.coursework.box.limits import Limits
from booktools.coursework.box.seccomp import filter_program
from booktools.coursework.box.watch import Watch

LOOK = 0.1  # seconds between two looks at memory and time
PIECE = 1 << 16


class BoxError(RuntimeError):
    """The box cannot be started here; the text says why."""


class BoxGone(Exception):
    """The box ended, or was ended, over a request; the text says why and follows a name: "took ...", "ended"."""


class Box:
    """A process that runs a notebook, in a sandbox of its own unless `isolated` is false."""

    def __init__(
        self, limits: Limits, blocked: tuple[str, ...] = (), *, isolated: bool = True, fonts: Path | None = None
    ) -> None:
        self.limits = limits
        self.seconds = 0.0  # used by the student's code so far
        self.received = 0
        self.number = 0
        self.rest = b""
        self.isolated = isolated
        self.folder = Path(tempfile.mkdtemp(prefix="box-"))
        self.folder.chmod(0o711)  # the box may run as another user
        changed = write_changed(blocked, self.folder)
        self.process = self.launch(fonts, changed)
        self.settle()

    def launch(self, fonts: Path | None, changed: Mapping[Path, Path]) -> subprocess.Popen[bytes]:
        """Start the process. Everything but the three pipes and the filter is closed, the environment is empty."""
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        if not self.isolated:
            words = command.bare_command(self.folder, changed)
            return subprocess.Popen(
                words, **pipes, env=command.environment(str(self.folder)), cwd=self.folder, start_new_session=True
            )
        with tempfile.TemporaryFile() as filter_file:
            filter_file.write(filter_program())
            filter_file.seek(0)
            words = command.boxed_command(self.limits, fonts, filter_file.fileno(), changed)
            try:
                return subprocess.Popen(words, **pipes, env={}, cwd="/", pass_fds=[filter_file.fileno()])
            except OSError as error:
                raise BoxError(f"bubblewrap does not start: {error}") from error

    def settle(self) -> None:
        """Send the settings and wait until the probe is ready. Raises BoxError if it never is."""
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
        limits = self.limits
        settings = {
            "memory": limits.memory,
            "open_files": limits.open_files,
            "file_bytes": limits.file_bytes,
            "cpu_seconds": int(2 * limits.submission + limits.start),
            "processes": limits.processes if self.isolated else None,
            "user": command.box_user() if self.isolated else None,
        }
        above = command.processes_above() if self.isolated else 0
        self.watch = Watch(self.process.pid, limits, 0)
        try:
            self.exchange(settings, limits.start)
            self.watch = Watch(self.process.pid, limits, above)
        except BoxGone as gone:
            raise BoxError(f"the box {gone}: {self.complaint()}") from None

    def complaint(self) -> str:
        """The last lines that bubblewrap or the probe wrote about why it does not start."""
        self.end()
        assert self.process.stderr is not None
        lines = self.process.stderr.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it says nothing"

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and return the reply. Raises BoxGone, and the box is no more, if that cannot be done."""
        self.number += 1
        start, waited = time.monotonic(), self.watch.kept_waiting()
        try:
            return self.exchange({**request, "id": self.number}, seconds)
        finally:
            wall = time.monotonic() - start
            self.seconds += self.charged(wall, waited)

    def exchange(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Write a line, read lines until the reply comes, and look at time and memory meanwhile."""
        unsent = wire.to_line(message)
        start, waited, looked = time.monotonic(), self.watch.kept_waiting(), 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)  # type: ignore[arg-type]
            selector.register(self.process.stdin, selectors.EVENT_WRITE)  # type: ignore[arg-type]
            while True:
                for key, _ in selector.select(LOOK):
                    if key.fileobj is self.process.stdout:
                        reply = self.receive()
                        if reply is not None:
                            return reply
                    else:
                        unsent = self.send(unsent)
                        if not unsent:
                            selector.unregister(self.process.stdin)  # type: ignore[arg-type]
                now = time.monotonic()
                if now - looked > LOOK:
                    looked = now
                    self.look(now - start, waited, seconds)

    def look(self, wall: float, waited: float, seconds: float) -> None:
        """End the box when it is past its time or its memory."""
        excess = self.watch.excess()
        if excess:
            self.end()
            raise BoxGone(f"used too much {excess}" if excess == "memory" else "made too many files")
        if wall > seconds and self.charged(wall, waited) > seconds:
            self.end()
            raise BoxGone(f"took more than {seconds:.3g} s")

    def charged(self, wall: float, waited: float) -> float:
        """Seconds to count of `wall`, without those spent waiting for a processor.

        Half of them at most go to a busy machine: a box full of threads would wait for itself without end.
        """
        return wall - min(max(0.0, self.watch.kept_waiting() - waited), wall / 2)

    def send(self, line: bytes) -> bytes:
        """Write what the pipe takes; returns the rest."""
        assert self.process.stdin is not None
        try:
            return line[os.write(self.process.stdin.fileno(), line[:PIECE]) :]
        except BlockingIOError:
            return line
        except OSError:
            self.end()
            raise BoxGone("ended") from None

    def receive(self) -> dict[str, Any] | None:
        """Read what is there; the reply to the last request if it is complete. Other lines are dropped."""
        assert self.process.stdout is not None
        piece = os.read(self.process.stdout.fileno(), PIECE)
        self.received += len(piece)
        if not piece:
            self.end()
            raise BoxGone("ended")
        *lines, self.rest = (self.rest + piece).split(b"\n")
        if len(self.rest) > self.limits.reply_bytes or self.received > self.limits.all_replies_bytes:
            self.end()
            raise BoxGone("returned too much")
        for line in lines:
            try:
                message = wire.from_line(line)
            except wire.WireError:
                continue
            if message.get("id") == self.number and type(message["id"]) is int:
                return message
        return None

    def end(self) -> None:
        """Kill whatever is left of it; with bubblewrap its whole process namespace goes."""
        if self.process.poll() is None:
            if self.isolated:
                self.process.kill()
            else:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Box:
        return self

    def __exit__(self, *_details: object) -> None:
        self.end()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None
