"""Kill -9 of forked processes, which need no second import of torch."""

import multiprocessing
import os
import sys

import pytest

needs_kill = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")


def kill_after(seconds, function, *arguments):
    """Run function(*arguments) in a process of its own and kill it after so many seconds; True where it had ended.

    Raises AssertionError where it ended by itself with an error.
    """
    process = multiprocessing.get_context("fork").Process(target=_alone, args=(function, *arguments))
    process.start()
    process.join(seconds)
    ended = process.exitcode is not None
    process.kill()
    process.join()
    assert process.exitcode == (0 if ended else -9), f"the process ended with code {process.exitcode}"
    return ended


def _alone(function, *arguments):
    """OpenMP's threads do not survive a fork: compute with one."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
    function(*arguments)
