"""Tests that are shown to be able to fail: each claim's check is run again with named wrong constants."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest

_DEFAULT = object()


def against(law: Any = _DEFAULT, **wrong: Any) -> Callable[[Callable], Callable]:
    """Run a check with the right object, then with each named wrong one, where it must raise AssertionError.

    The object goes to the check's last parameter.  The right one is that parameter's default:

        @pytest.mark.claim("prop-cutoff")
        @against(cutoff_of_small_alpha=lambda alpha, delta: alpha / delta)
        def test_half_of_the_mode_survives_at_the_cutoff(cutoff=cutoff_degree): ...

    Under hypothesis, which refuses defaults, it is the first argument of `against`, and @given stands below:

        @pytest.mark.claim("prop-transfer")
        @against(transfer, sum_started_at_age_zero=lambda n, a, d: a / (1 - (1 - a) * np.exp(-n * d)))
        @given(alpha=fresh_shares, delta=truncation_times)
        def test_transfer_is_the_fixed_point(alpha, delta, H): ...
    """

    def decorate(check: Callable) -> Callable:
        plain = getattr(getattr(check, "hypothesis", None), "inner_test", check)
        name, parameter = list(inspect.signature(plain).parameters.items())[-1]
        right = parameter.default if law is _DEFAULT else law
        if right is inspect.Parameter.empty:
            raise TypeError(f"give against(...) the right object for {name} of {plain.__name__}, or {name} a default")
        if not wrong:
            raise TypeError(f"against(...) on {plain.__name__} needs at least one named wrong object")

        @functools.wraps(check)
        def test(**arguments: Any) -> None:
            control = arguments.pop("control")
            if control == "none":
                check(**arguments, **{name: right})
                return
            with pytest.raises(AssertionError):
                check(**arguments, **{name: wrong[control]})

        test.__signature__ = _signature(check, name)  # type: ignore[attr-defined]
        cases = [pytest.param("none", id="law"), *(pytest.param(k, id=f"control-{k}") for k in wrong)]
        return pytest.mark.parametrize("control", cases)(test)

    return decorate


def _signature(check: Callable, law: str) -> inspect.Signature:
    """pytest sees the fixtures of the check and `control`, not the law."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    kept = [p.name for p in inspect.signature(check).parameters.values() if p.name != law and p.kind in named]
    return inspect.Signature([inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY) for n in [*kept, "control"]])
