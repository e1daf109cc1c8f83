"""The records of CIFAR-10 show few of its images: the appendix on the protocol promises at most 64 in all."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echolimit.figures import plot_image_grid

RESULTS = Path(__file__).parents[1] / "results"
DPI = 144  # of `picture_png`
MOST = 64


def thumbnails(size: tuple[int, int]) -> int:
    """How many images a grid.png holds: two kinds of rows, of which the network's has no column of data."""
    width, height = (pixels / DPI for pixels in size)
    columns, each = round((width - 0.9) / 0.62), round((height - 0.65) / 1.24)
    return each * (2 * columns - 1)


@pytest.mark.parametrize(("each", "rounds"), [(2, 4), (1, 4), (1, 9), (3, 1)])
def test_the_count_is_that_of_the_drawing(each, rounds):
    images = np.zeros((each, 1, 4, 4))
    names = [f"round {number}" for number in range(1, rounds + 1)]
    drawn = plot_image_grid(
        {"exact": dict.fromkeys(["data", *names], images), "network": dict.fromkeys(names, images)}, "x"
    )
    width, height = drawn.get_size_inches() * DPI
    assert thumbnails((round(width), round(height))) == each * (2 * rounds + 1)


def test_all_records_together_show_at_most_sixty_four_images():
    shown = {path.parent.name: thumbnails(Image.open(path).size) for path in sorted(RESULTS.glob("cifar10*/grid.png"))}
    assert sum(shown.values()) <= MOST, f"{shown}: write the last ones with `report --thumbnails 9`"
