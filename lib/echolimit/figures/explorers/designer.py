"""The live figure of chapter 5: schedules of one price, what they leave of the modes, and their error."""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit._checks import check_count
from echolimit.figures.controls import Choice, Slider
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import role, style_context
from echolimit.schedules import (
    budget_schedule,
    constant_schedule,
    geometric_schedule,
    mean_noising_times,
    mode_amplitudes,
    mode_rms_error,
    noise_objective,
    noise_schedule,
    polynomial_schedule,
    scale_to_budget,
    schedule_cost,
)

ROUNDS = 30
CAP = 0.5  # the largest truncation time in a budget setting
SETTINGS = (  # what a small truncation time costs, and the power of 1 / delta in it
    ("budget", 0, "budget, cost ln(1/δ)"),
    ("budget", 1, "budget, cost 1/δ"),
    ("budget", 2, "budget, cost 1/δ²"),
    ("noise", 1, "score noise, variance ∝ 1/δ"),
    ("noise", 2, "score noise, variance ∝ 1/δ²"),
)
ROLES = {
    "constant": "round",
    "geometric": "learned",
    "polynomial": "control",
    "optimal": "limit",
}  # in order of drawing


def schedule_designer(
    setting: int = 0, alpha: float = 0.2, rounds: int = 12, delta: float = 0.007, ratio: float = 0.9
) -> LiveFigure:
    """Live figure of chapter 5: the optimal, a constant, a geometric and a polynomial schedule at one price.

    setting: 0, 1, 2 for equal budgets where a truncation time costs ln(1/delta), 1/delta, 1/delta^2 (no truncation time
    above 0.5); 3, 4 for score noise of variance proportional to 1/delta, 1/delta^2, each shape at its best level.
    alpha in [0.1, 0.5], rounds in 2..30, delta in [0.005, 0.05] (the level of the constant schedule, which sets budget
    or noise), ratio in [0.7, 1] of the geometric schedule: where the sliders start.
    The curves equal `budget_schedule`, `noise_schedule`, `mode_amplitudes` and `mode_rms_error` to 1e-6.
    Raises ValueError for a parameter outside its slider, TypeError for what is no number.
    """
    check_count(setting, "setting", most=len(SETTINGS) - 1)
    controls: list[Choice | Slider] = [
        Choice("setting", "price", {str(k): words for k, (_, _, words) in enumerate(SETTINGS)}, str(setting)),
        Slider("alpha", "fresh share α", 0.1, 0.5, alpha),
        Slider("rounds", "rounds N", 2, ROUNDS, rounds, whole=True),
        Slider("delta", "level δ of the constant one", 0.005, 0.05, delta, scale="log"),
        Slider("ratio", "ratio r of the geometric one", 0.7, 1.0, ratio),
    ]
    designed, noise = _schedules(setting, alpha, rounds, delta, ratio)
    power = max(SETTINGS[setting][1], 1)  # without noise any power will do
    degrees = np.arange(1, 21)
    with style_context():
        canvas = Canvas()
        times, modes, errors = (canvas.panel(left=0.92) for _ in range(3))
        for name, kind in ROLES.items():
            schedule = designed[name]
            style = role(kind, label=name)
            canvas.line(times, f"schedule_{name}", np.arange(ROUNDS), _padded(schedule), **style)
            canvas.line(modes, f"modes_{name}", degrees, mode_amplitudes(degrees, alpha, schedule)[-1], **style)
            error = mode_rms_error(1, alpha, schedule, noise, power)[1:]
            canvas.line(errors, f"error_{name}", np.arange(1, ROUNDS + 1), _padded(error), **style)
        parts.log_axis(times.yaxis, 1e-5, 1.0)
        parts.log_axis(errors.yaxis, 1e-3, 1.0)
        modes.set_xticks(range(5, 21, 5))
        times.set(xlim=(-0.6, ROUNDS - 0.4), xlabel="round k", ylabel=r"truncation time $\delta_k$")
        modes.set(xlim=(0.5, 20.5), ylim=(0, 1.03), xlabel="degree n", ylabel="share of the mode left")
        errors.set(xlim=(0.4, ROUNDS + 0.6), xlabel="round i", ylabel="error of mode 1")
        handles, labels = times.get_legend_handles_labels()
        order = [labels.index(name) for name in ("optimal", "constant", "geometric", "polynomial")]
        parts.legend_row(times, [handles[k] for k in order], [labels[k] for k in order])
        return canvas.finish(
            "schedule",
            {"rounds": ROUNDS, "degrees": degrees.tolist(), "cap": CAP, "prices": _prices()},
            controls,
            "First panel: four schedules of one price, under score noise each at its own best level: truncation time "
            "against round on a log axis, the optimal, a constant, a geometric and a polynomial one. Second panel: the "
            "share of each Hermite mode that is left after the last round, falling with the degree. Third panel: the "
            "error of the coarsest mode after each round on a log axis. Under a budget the optimal schedule falls and "
            "ends with the smallest error; under score noise it rises.",
            parts.start_words(price=SETTINGS[setting][2], alpha=alpha, rounds=rounds, delta=delta, ratio=ratio),
        )


def _prices() -> list[dict[str, Any]]:
    """The settings as the script reads them."""
    return [{"noisy": kind == "noise", "power": power, "words": words} for kind, power, words in SETTINGS]


def _schedules(
    setting: int, alpha: float, rounds: int, delta: float, ratio: float
) -> tuple[dict[str, np.ndarray], float]:
    """The four schedules at one price, and the noise eta^2 of the price (0 for a budget)."""
    kind, power, _ = SETTINGS[setting]
    constant = constant_schedule(rounds, delta)
    shapes = {
        "constant": constant,
        "geometric": geometric_schedule(rounds, 1.0, ratio),
        "polynomial": polynomial_schedule(rounds, 1.0, 1.0),
    }
    if kind == "budget":
        budget = schedule_cost(constant, power)
        scaled = {name: scale_to_budget(shape, budget, power, CAP) for name, shape in shapes.items()}
        return scaled | {"optimal": budget_schedule(rounds, alpha, budget, power, CAP)}, 0.0
    noise = 1.0 / _best_level(constant, alpha, 1.0, power) ** (power + 2)
    scaled = {name: _best_level(shape, alpha, noise, power) * shape for name, shape in shapes.items()}
    return scaled | {"optimal": noise_schedule(rounds, alpha, noise, power)}, noise


def _best_level(shape: np.ndarray, alpha: float, noise: float, power: int) -> float:
    """The C for which `noise_objective` of C shape, C^2 b^2 + C^-q spread, is least."""
    mean = mean_noising_times(alpha, shape)[-1]
    spread = noise_objective(alpha, shape, noise, power) - mean**2
    return float((power * spread / (2 * mean**2)) ** (1 / (power + 2)))


def _padded(values: np.ndarray) -> np.ndarray:
    return np.append(values, np.full(ROUNDS - len(values), np.nan))
