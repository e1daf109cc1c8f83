"""The live figures of the book, one file each."""

from echolimit.figures.explorers._parts import example_mixture
from echolimit.figures.explorers.ages import age_explorer
from echolimit.figures.explorers.designer import schedule_designer
from echolimit.figures.explorers.limit import limit_explorer
from echolimit.figures.explorers.reuse import reuse_explorer
from echolimit.figures.explorers.sampler_side import sampler_side_explorer
from echolimit.figures.explorers.spectrum import spectrum_explorer

EXPLORERS = (  # in order of chapters
    age_explorer, limit_explorer, spectrum_explorer, schedule_designer, sampler_side_explorer, reuse_explorer,
)  # fmt: skip

__all__ = [
    "EXPLORERS",
    "age_explorer",
    "example_mixture",
    "limit_explorer",
    "reuse_explorer",
    "sampler_side_explorer",
    "schedule_designer",
    "spectrum_explorer",
]
