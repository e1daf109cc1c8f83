"""How soon each metric sees noise, as a table: `python -m echolimit.images.spectra patches --resolution 16`."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from echolimit.images import load_images
from echolimit.images.spectra.reference import ImageReference
from echolimit.images.spectra.sensitivity import noise_sensitivity

TIMES = (1e-4, 1e-3, 1e-2, 1e-1)


def main(arguments: list[str] | None = None) -> int:
    """Print the z-scores of noised data against the data, one line a metric."""
    parser = argparse.ArgumentParser(prog="python -m echolimit.images.spectra", description=__doc__)
    parser.add_argument("data", nargs="?", default="patches", help="what load_images takes: a name, a folder or a zip")
    parser.add_argument("--split", default="train", help="train, test or all (default: train)")
    parser.add_argument("--resolution", type=int, help="side in pixels; default: as the images are")
    parser.add_argument("--n", type=int, default=2000, help="images a set (default: 2000)")
    parser.add_argument("--repeats", type=int, default=8, help="sets (default: 8)")
    parser.add_argument("--count", type=int, help="take only the first images of the data set")
    parser.add_argument("--tail", type=float, default=0.5, help="share of the principal axes in the tail (default: .5)")
    parser.add_argument("--times", type=float, nargs="+", default=TIMES, help="noising times")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        data = load_images(options.data, split=options.split, resolution=options.resolution)
        reference = ImageReference(data.images[: options.count], tail=options.tail, seed=options.seed)
        rng = np.random.default_rng(options.seed)
        scores = noise_sensitivity(reference, options.times, options.n, rng, options.repeats)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{data.provenance}\nz-scores of {options.n} noised images against the same without noise")
    print(f"{'metric':<22}" + "".join(f"{f't={t:g}':>12}" for t in options.times))
    for name, found in scores.items():
        print(f"{name:<22}" + "".join(f"{z:>12.1f}" for z in found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
