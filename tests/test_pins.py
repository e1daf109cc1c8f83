"""requirements.txt holds exact pins, complete and the same as requirements.in says."""

import re
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from booktools import pins

ROOT = Path(__file__).resolve().parent.parent
LINES = [
    line
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def test_each_line_is_an_exact_pin_without_a_build_tag():
    for line in LINES:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+", line), line


def test_no_accelerator_packages():
    assert not [line for line in LINES if pins.LEFT_OUT.match(line)]


def test_pins_fulfil_what_is_needed_directly():
    pinned = dict(line.split("==") for line in LINES)
    wanted = [
        Requirement(line)
        for line in (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    for requirement in wanted:
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])


def test_everything_that_is_drawn_in_is_pinned():
    pinned = {line.split("==")[0] for line in LINES}
    assert pins.drawn_in(sorted(pinned)) <= pinned


def test_the_package_itself_asks_only_for_ranges():
    needs = [Requirement(line) for line in distribution("echolimit").requires or []]
    assert all(specifier.operator == ">=" for need in needs for specifier in need.specifier)
    base = {need.name for need in needs if need.marker is None}
    assert base == {"numpy", "scipy", "scikit-learn", "matplotlib", "ipywidgets", "array-api-compat"}
