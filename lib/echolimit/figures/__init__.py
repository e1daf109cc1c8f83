"""Pictures of the book: style, `show`, live figures, `explore`. Only this package imports matplotlib."""

from .controls import Slider
from .display import Shown, show
from .explorers import age_explorer, limit_explorer, spectrum_explorer
from .exploring import explore
from .live import Canvas, LiveFigure
from .style import PALETTE, role, use_style

__all__ = [
    "PALETTE",
    "Canvas",
    "LiveFigure",
    "Shown",
    "Slider",
    "age_explorer",
    "explore",
    "limit_explorer",
    "role",
    "show",
    "spectrum_explorer",
    "use_style",
]
