"""The live figures of the book, one file each."""

from echolimit.figures.explorers._parts import example_mixture
from echolimit.figures.explorers.ages import age_explorer
from echolimit.figures.explorers.designer import schedule_designer
from echolimit.figures.explorers.forgetting import forgetting_explorer
from echolimit.figures.explorers.genealogy import genealogy_explorer
from echolimit.figures.explorers.image_grid import image_grid_explorer
from echolimit.figures.explorers.learned import learned_explorer
from echolimit.figures.explorers.limit import limit_explorer
from echolimit.figures.explorers.noising import noising_explorer
from echolimit.figures.explorers.playground import playground_explorer
from echolimit.figures.explorers.regimes import regime_explorer
from echolimit.figures.explorers.reuse import reuse_explorer
from echolimit.figures.explorers.sampler_side import sampler_side_explorer
from echolimit.figures.explorers.spectrum import spectrum_explorer

EXPLORERS = (  # in order of chapters
    noising_explorer, genealogy_explorer, age_explorer, limit_explorer, spectrum_explorer, schedule_designer,
    sampler_side_explorer, regime_explorer, reuse_explorer, forgetting_explorer, learned_explorer,
    image_grid_explorer, playground_explorer,
)  # fmt: skip

__all__ = [
    "EXPLORERS",
    "age_explorer",
    "example_mixture",
    "forgetting_explorer",
    "genealogy_explorer",
    "image_grid_explorer",
    "learned_explorer",
    "limit_explorer",
    "noising_explorer",
    "playground_explorer",
    "regime_explorer",
    "reuse_explorer",
    "sampler_side_explorer",
    "schedule_designer",
    "spectrum_explorer",
]
