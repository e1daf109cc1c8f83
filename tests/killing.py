"""Kill -9 of forked processes, which need no second import of torch."""

import itertools
import multiprocessing
import os
import signal
import sys
import time

import pytest

needs_kill = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")


def kill_after(seconds, function, *arguments, started=None):
    """Run function(*arguments) in a process of its own, kill it after so many seconds; True where it had ended before.

    started: the seconds count from when this function says True, so that a busy machine kills no sooner than meant.
    Raises AssertionError where the process ended by itself with an error.
    """
    process = multiprocessing.get_context("fork").Process(target=_alone, args=(function, *arguments))
    process.start()
    while started is not None and process.exitcode is None and not started():
        time.sleep(0.001)
    process.join(seconds)
    process.kill()  # without effect where it has just ended
    process.join()
    assert process.exitcode in (0, -9), f"the process ended with code {process.exitcode}"
    return process.exitcode == 0


def run_until_killed(function, *arguments):
    """Run function(*arguments), which kills its own process or ends, in one of its own; True where it had ended."""
    return kill_after(None, function, *arguments)


def kill_at_call(number, module, name):
    """Let this process kill itself just before call `number` (1, 2, ...) of module.name, such as os.replace."""
    original, calls = getattr(module, name), itertools.count(1)

    def counted(*arguments, **keywords):
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **keywords)

    setattr(module, name, counted)


def _alone(function, *arguments):
    """OpenMP's threads do not survive a fork: compute with one."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
    function(*arguments)
