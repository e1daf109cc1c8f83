"""What all samplers share: the checks of the arguments, the guarded score, the callback, the result."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import array_api_compat as compat
import numpy as np

from echolimit._arrays import Array, has_values
from echolimit._checks import check_finite
from echolimit.samplers._inplace import overlap, own, same_layout
from echolimit.samplers.grids import check_times

Score = Callable[[Any, float], Any]  # score(x, t): the gradient of ln P_t p at x, in x's shape
Callback = Callable[[int, float, Any], Any]  # callback(step, t, x)
READ_EVERY = 32  # evaluations between two looks at an accelerator's scores: each look waits for the device


class Run:
    """One sampling run: its state starts as a copy of x and lies in memory as the score's output does."""

    def __init__(self, name: str, score: Score, x: Array, times: Any, callback: Callback | None) -> None:
        if not callable(score):
            raise TypeError(f"score must be a function score(x, t), got {_name(score)}: use score_of(law)")
        if callback is not None and not callable(callback):
            raise TypeError(f"callback must be a function callback(step, t, x) or None, got {_name(callback)}")
        _check_start(x)
        self.name, self.times = name, check_times(times)
        self._score, self._x, self._callback = score, x, callback
        self._xp, self._values = compat.array_namespace(x), has_values(x)
        self._late = self._values and on_accelerator(x)
        self._sums: list[tuple[int, float, Any]] = []  # (step, time, sum of the score), not yet looked at

    def steps(self) -> Iterator[tuple[int, float, float]]:
        """(step, t, u) for each step from time t down to u, steps counted from 1."""
        return zip(range(1, len(self.times)), self.times[:-1], self.times[1:], strict=True)

    def start(self) -> tuple[Array, Array]:
        """The state, a copy of x, and the score there at the first time."""
        state = own(self._x)
        score = self.score(state, 1, self.times[0])
        return (state, score) if same_layout(state, score) else (own(self._x, like=score), score)

    def score(self, state: Array, step: int, t: float) -> Array:
        """score(state, t), checked, in memory of its own."""
        self._settle(state, READ_EVERY)
        try:
            value = self._score(state, t)
        except Exception as error:
            error.add_note(f"{self.name} called score(x, t) in step {step} of {len(self.times) - 1}, at t = {t}")
            raise
        if not _same_kind(value, state):
            _check_kind(value, state, step, t)
        if self._values:
            self._look(value, step, t)
        return own(value) if overlap(state, value) else value

    def report(self, step: int, t: float, state: Array) -> None:
        """Hand a copy of the state to the callback."""
        if self._callback is not None:
            self._callback(step, t, own(state))

    def result(self, state: Array) -> Array:
        """The last state, in the layout of x."""
        self._settle(state, 1)
        if self._values and not _finite(state, self._xp):
            raise ValueError(
                f"{self.name} ended with NaN or infinity in x though all scores were finite: its numbers left the "
                f"range of {state.dtype}; take more steps, or a wider dtype"
            )
        return state if same_layout(state, self._x) else own(state, like=self._x)

    def _look(self, value: Array, step: int, t: float) -> None:
        """A NaN or an infinity makes the sum one too: one pass, no copy.  A finite score may overflow: look again."""
        if self._late:
            wide = self._xp.promote_types(value.dtype, self._xp.float32)
            self._sums.append((step, t, self._xp.sum(value, dtype=wide)))
        elif not _finite(value, self._xp):
            self._refuse(step, t)

    def _settle(self, state: Array, count: int) -> None:
        """Read the sums that wait, if there are `count`.  What was not finite then has stayed so in the state."""
        if not self._sums or len(self._sums) < count:
            return
        sums = self._xp.stack([s for _, _, s in self._sums]).tolist()
        wrong = [(step, t) for (step, t, _), total in zip(self._sums, sums, strict=True) if not math.isfinite(total)]
        self._sums = []
        if wrong and not _finite(state, self._xp):
            self._refuse(*wrong[0])

    def _refuse(self, step: int, t: float) -> None:
        raise ValueError(
            f"score must be finite, got NaN or infinity from score(x, t) in step {step} of {len(self.times) - 1}, at "
            f"t = {t}: try it there on x of unit scale; if it is finite then, x grew too large: take more steps"
        )


def on_accelerator(x: Array) -> bool:
    """True where reading a number back waits for the device."""
    return compat.is_torch_array(x) and x.device.type != "cpu"


@contextlib.contextmanager
def no_gradients(x: Array) -> Iterator[None]:
    """Keep torch from recording the run; a score that differentiates inside opens torch.enable_grad() itself."""
    if not compat.is_torch_array(x):
        yield
        return
    import torch

    with torch.no_grad():
        yield


def check_source(rng: Any, x: Array, name: str) -> None:
    """A generator of x's kind, on x's device."""
    if compat.is_torch_array(x):
        import torch

        remedy = f"pass rng=torch.Generator('{x.device}').manual_seed(seed)"
        if not isinstance(rng, torch.Generator):
            raise TypeError(f"rng must be a torch.Generator as x is a tensor, got {_name(rng)}: {name} draws, {remedy}")
        if has_values(x) and rng.device.type != x.device.type:
            raise ValueError(f"rng is on {rng.device} and x on {x.device}: {remedy}")
    elif not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy.random.Generator, got {_name(rng)}: {name} draws, "
            "pass rng=numpy.random.default_rng(seed)"
        )


def _check_start(x: Any) -> None:
    if not compat.is_array_api_obj(x):
        raise TypeError(f"x must be an array, got {_name(x)}: use rng.standard_normal((n, d))")
    xp = compat.array_namespace(x)
    if not xp.isdtype(x.dtype, "real floating"):
        raise TypeError(f"x must be real floating point, got dtype {x.dtype}: convert it, for example to float64")
    if x.ndim < 1:
        raise ValueError("x must have shape (n, ...), got (): one row a sample")
    check_finite(x, "x")


def _same_kind(x: Any, y: Array) -> bool:
    return type(x) is type(y) and x.shape == y.shape and x.dtype == y.dtype and x.device == y.device


def _check_kind(value: Any, state: Array, step: int, t: float) -> None:
    """The score's output must be an array like the state."""
    where = f"from score(x, t) in step {step}, at t = {t}"
    if not compat.is_array_api_obj(value) or compat.array_namespace(value) is not compat.array_namespace(state):
        raise TypeError(f"score must return a {_name(state)} as x is one, got a {_name(value)} {where}: convert it")
    if tuple(value.shape) != tuple(state.shape):
        raise ValueError(
            f"score must return x's shape, {tuple(state.shape)}, got {tuple(value.shape)} {where}: one row a sample"
        )
    if value.dtype != state.dtype:
        raise TypeError(f"score must return x's dtype, {state.dtype}, got {value.dtype} {where}: convert one of them")
    home = compat.device(state)
    if compat.device(value) != home:
        raise ValueError(f"score must return x's device, {home}, got {compat.device(value)} {where}: move one of them")


def _finite(x: Array, xp: Any) -> bool:
    with np.errstate(all="ignore"):
        return math.isfinite(float(xp.sum(x))) or bool(xp.all(xp.isfinite(x)))


def _name(value: Any) -> str:
    """What an argument is, in words: its library and type for arrays."""
    kind = type(value)
    return "None" if value is None else f"{kind.__module__.split('.')[0]}.{kind.__name__}".removeprefix("builtins.")
