"""A learned run beside its exact law: the numbers that a record keeps of each round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from echolimit.example_laws import LAW_NAMES
from echolimit.images import load_images
from echolimit.images.spectra import (
    ImageReference,
    compare_images,
    draw_images,
    draw_normal,
    draw_resampled,
    loop_ages,
    tail_powers,
)
