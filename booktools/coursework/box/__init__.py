"""The sandbox in which a submission runs: see `process.py` for the grader's side, `inside/probe.py` for the other."""

from booktools.coursework.box.isolation import what_is_missing
from booktools.coursework.box.limits import Limits
from booktools.coursework.box.process import Box, BoxError, BoxGone

__all__ = ["Box", "BoxError", "BoxGone", "Limits", "what_is_missing"]
