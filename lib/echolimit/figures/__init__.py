"""Pictures of the book: style, `show`, live figures, `explore`. Only this package imports matplotlib."""

from .controls import Choice, Slider
from .display import Shown, show
from .explorers import (
    age_explorer,
    forgetting_explorer,
    genealogy_explorer,
    image_grid_explorer,
    learned_explorer,
    limit_explorer,
    noising_explorer,
    playground_explorer,
    regime_explorer,
    reuse_explorer,
    sampler_side_explorer,
    schedule_designer,
    spectrum_explorer,
)
from .exploring import explore
from .live import Canvas, LiveFigure
from .runs import plot_image_grid, plot_run
from .style import PALETTE, role, use_style

__all__ = [
    "PALETTE",
    "Canvas",
    "Choice",
    "LiveFigure",
    "Shown",
    "Slider",
    "age_explorer",
    "explore",
    "forgetting_explorer",
    "genealogy_explorer",
    "image_grid_explorer",
    "learned_explorer",
    "limit_explorer",
    "noising_explorer",
    "playground_explorer",
    "plot_image_grid",
    "plot_run",
    "regime_explorer",
    "reuse_explorer",
    "role",
    "sampler_side_explorer",
    "schedule_designer",
    "show",
    "spectrum_explorer",
    "use_style",
]
