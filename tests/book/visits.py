"""A page of the built book in a browser that reaches no other host, and what goes wrong on it."""

from __future__ import annotations

from typing import Any


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
