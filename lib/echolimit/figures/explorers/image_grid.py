"""The live figure of chapter 11: images of a round of the exact loop, drawn in the page, beside their power."""

from __future__ import annotations

import base64
from functools import cache

import numpy as np

from echolimit._checks import check_finite
from echolimit.figures.controls import Slider
from echolimit.figures.draws import normal, uniform
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import PALETTE, role, style_context
from echolimit.images import load_images
from echolimit.images.spectra.ages import Ages, loop_ages
from echolimit.images.spectra.power import radial_power

ACROSS = 6  # images in a row of the wall, and rows
SHOWN = ACROSS * ACROSS
POOL, AMONG = 48, 240  # how many images the figure holds, chosen among how many
WIDE, LEFT, RIGHT, TOP, BOTTOM = 3.5, 0.66, 0.08, 0.52, 0.52  # of the wall and the room around it, in inches


def image_grid_explorer(
    rounds: int = 8, alpha: float = 0.1, delta: float = 0.02, draw: int = 7, images: np.ndarray | None = None
) -> LiveFigure:
    """Live figure of chapter 11: 36 images of a round of the exact loop, youngest first, and the power of its law.

    rounds in 0..40, alpha in [0.02, 1], delta in [0.001, 1], draw in 1..1000, the seed: where the sliders start.
    images: (n, 3, s, s) in [-1, 1] with an even s of 8 to 32; by default the patches of `load_images`, 16 x 16. The
    data law p* of the figure gives equal chance to the 48 among the first 240 whose pixels vary most, in 8 bits.
    The curves equal `radial_power_law`, each image is exp(-T) X + sqrt(1 - exp(-2 T)) Z with T of `loop_ages`.
    Raises ValueError for a parameter outside its slider or images of another shape, TypeError for what is no number.
    """
    sliders = [
        parts.alpha_slider(alpha),
        parts.delta_slider(delta),
        parts.rounds_slider(rounds),
        Slider("draw", "draw number", 1, 1000, draw, whole=True),
    ]
    pool = pool_of(_stand_in() if images is None else images)
    side = pool.shape[-1]
    with style_context():
        canvas = Canvas()
        drawn, ages = draw_images(pool, rounds, alpha, delta, draw)
        _wall(canvas, drawn, ages)
        ends = _power_axis(pool)
        _spectrum(canvas, pool, drawn, ends, (loop_ages(rounds, alpha, delta), loop_ages(None, alpha, delta)))
        return canvas.finish(
            "image_grid",
            {
                "pixels": base64.b64encode(as_bytes(pool).tobytes()).decode("ascii"),
                "count": len(pool), "side": side, "across": ACROSS, "shown": SHOWN, "least": ends[0],
            },
            sliders,
            "First panel: six rows of six small photographs from one round of the exact loop, youngest first. The "
            "upper rows are clear or slightly grainy; downwards noise covers them until only coarse shapes "
            "are left. Second panel: power against spatial frequency on a log axis. The data fall by "
            "three orders of magnitude; round and limit leave that line after the first frequencies and run level at "
            "the power of the noise. Dots with bars, measured on the images of the wall, lie about the line of the "
            "round.",
            parts.start_words(alpha=alpha, delta=delta, round=rounds, draw=draw),
        )  # fmt: skip


def pool_of(images: np.ndarray) -> np.ndarray:
    """The images that the figure holds, (m, 3, s, s), m <= 48, rounded to 256 levels; in the order given."""
    images = np.asarray(images, dtype=np.float64)
    side = images.shape[-1] if images.ndim == 4 else 0
    if images.ndim != 4 or images.shape[1:] != (3, side, side) or side % 2 or not 8 <= side <= 32 or not len(images):
        raise ValueError(
            f"images must have shape (n, 3, s, s) with n >= 1 and an even s of 8 to 32, got {images.shape}: average "
            "larger ones over boxes, as load_images(name, resolution=16) does"
        )
    check_finite(images, "images")
    among = images[:AMONG]
    most = np.argsort(-among.var(axis=(2, 3)).sum(axis=1), kind="stable")[:POOL]
    return as_bytes(among[np.sort(most)]) / 127.5 - 1


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Values of [-1, 1] as 0..255; those outside become the nearest end."""
    return np.clip(np.rint(127.5 * (images + 1)), 0, 255).astype(np.uint8)


def draw_images(pool: np.ndarray, rounds: int, alpha: float, delta: float, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """36 images of the round and their ages, which rise: what static/model_image_grid.js draws, number for number."""
    places = np.arange(SHOWN)
    ranks = np.sort(uniform(2 * draw, places))
    with np.errstate(divide="ignore"):  # alpha = 1: all ages are 1
        oldest = np.maximum(1, np.ceil(np.log1p(-ranks) / np.log1p(-alpha)))
    ages = np.minimum(rounds, oldest).astype(int)
    chosen = pool[np.floor(len(pool) * uniform(2 * draw, SHOWN + places)).astype(int)]
    noise = normal(2 * draw + 1, np.arange(chosen.size)).reshape(chosen.shape)
    times = delta * ages[:, None, None, None]
    return np.exp(-times) * chosen + np.sqrt(-np.expm1(-2 * times)) * noise, ages


def tile(images: np.ndarray) -> np.ndarray:
    """Images (36, 3, s, s) as one picture of bytes (rows, columns, 4) with a transparent pixel between them."""
    side = images.shape[-1]
    canvas = np.zeros((ACROSS, side + 1, ACROSS, side + 1, 4), dtype=np.uint8)
    pixels = as_bytes(images).reshape(ACROSS, ACROSS, 3, side, side)
    canvas[:, :side, :, :side, :3] = pixels.transpose(0, 3, 1, 4, 2)
    canvas[:, :side, :, :side, 3] = 255
    return canvas.reshape(ACROSS * (side + 1), ACROSS * (side + 1), 4)[:-1, :-1]


def row_ages(ages: np.ndarray) -> list[str]:
    """The ages of each row of the wall in words."""
    ends = ages.reshape(ACROSS, ACROSS)[:, [0, -1]]
    return [f"{first}" if first == last else f"{first}\N{EN DASH}{last}" for first, last in ends]


def _wall(canvas: Canvas, drawn: np.ndarray, ages: np.ndarray) -> None:
    height = BOTTOM + WIDE + TOP
    axes = canvas.panel(width=LEFT + WIDE + RIGHT, height=height, left=LEFT, right=RIGHT, top=TOP)
    canvas.raster(axes, "wall", tile(drawn))
    for row, words in enumerate(row_ages(ages)):
        place = 1 - (row + 0.5) / ACROSS
        canvas.text(axes, f"row{row}", -0.02, place, words, ha="right", va="center", fontsize=10)
    axes.text(-0.02, 1.02, "age", transform=axes.transAxes, ha="right", va="bottom", fontsize=10)
    axes.set(xticks=[], yticks=[], xlabel="images of the round, youngest first")
    axes.spines[:].set_visible(False)


def _power_axis(pool: np.ndarray) -> tuple[float, float]:
    """Powers of ten that hold the spectrum of the data, and to which it does not come near."""
    power = np.maximum(radial_power(pool).mean(axis=0), 1e-6)
    return float(10 ** np.floor(np.log10(0.6 * power.min()))), float(10 ** np.ceil(np.log10(2 * power.max())))


def _spectrum(
    canvas: Canvas, pool: np.ndarray, drawn: np.ndarray, ends: tuple[float, float], laws: tuple[Ages, Ages]
) -> None:
    """Power by frequency: exact for the data, the round and the limit (`laws`), and measured on the images drawn."""
    ages, limit = laws
    axes = canvas.panel(width=4.3, height=BOTTOM + WIDE + TOP, left=0.72, top=TOP)
    parts.log_axis(axes.yaxis, *ends)
    power, measured = radial_power(pool).mean(axis=0), radial_power(drawn)
    rings = np.arange(len(power), dtype=float)
    axes.plot(rings, power, **role("data", label="data"))
    canvas.line(axes, "limit", rings, limit.kept(2) * power + limit.added(), **role("limit", label="limit"))
    canvas.line(axes, "round", rings, ages.kept(2) * power + ages.added(), **role("round", label="round"))
    level, dotted = np.full(2, ages.added()), (0, (1, 2))
    canvas.line(axes, "noise", rings[[0, -1]], level, color="black", linewidth=1.0, linestyle=dotted, label="noise")
    mean, error = measured.mean(axis=0), measured.std(axis=0, ddof=1) / np.sqrt(SHOWN)
    bars = np.column_stack([np.maximum(ends[0], mean - 2 * error), mean + 2 * error, np.full(len(mean), np.nan)])
    canvas.line(axes, "bars", np.repeat(rings, 3), bars.ravel(), color=PALETTE["control"], linewidth=1.2)
    canvas.dots(axes, "shown", rings, mean, 5.0, color=PALETTE["control"], label="images shown")
    axes.set(xlabel="spatial frequency (periods per image)", ylabel="power", xticks=rings[::2])
    axes.legend(ncols=3, **parts.ABOVE | {"bbox_to_anchor": (0, 0.99)})


@cache
def _stand_in() -> np.ndarray:
    return load_images("patches", resolution=16).images
