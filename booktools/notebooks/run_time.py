"""The line at the top of a notebook that says how long it runs, from the record of the run that made the page."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

WITHOUT_CARD = "It needs no graphics card. Its random numbers start from fixed seeds."
WITH_CARD = (
    "It needs no graphics card and takes one where it finds it: the first cell says which. "
    "Its random numbers start from fixed seeds."
)


def run_time_line(app: Sphinx, page: str, extra: str) -> str:
    """Measured run time, device and seeds; nothing where the page was not run."""
    seconds = measured_seconds(app.env, page)
    if seconds is None:
        return ""
    device = WITH_CARD if extra else WITHOUT_CARD
    return f"Run time: {in_words(seconds)}, measured on a processor when the page was built. {device}"


def measured_seconds(env: Any, page: str) -> float | None:
    """What MyST-NB noted when it ran the page, or when the outputs in the cache were made."""
    record = env.nb_metadata.get(page, {}).get("exec_data") or {}
    return record.get("runtime")


def in_words(seconds: float) -> str:
    """Rounded so far that two measurements of the same code mostly agree: 5 s, then tens of seconds, then minutes."""
    if seconds < 5:
        return "under 5 seconds"
    if seconds < 30:
        return f"about {5 * round(seconds / 5)} seconds"
    if seconds < 120:
        return f"about {10 * round(seconds / 10)} seconds"
    return f"about {round(seconds / 60)} minutes"
