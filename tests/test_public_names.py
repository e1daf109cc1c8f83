"""The public names: flat, each in one place, each with words of its own."""

import importlib
import pkgutil

import pytest

import echolimit

BY_NAME = ("figures", "images", "learning")  # imported by their own name: they load matplotlib, Pillow, torch
PACKAGES = [info.name for info in pkgutil.iter_modules(echolimit.__path__) if info.ispkg and info.name not in BY_NAME]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_offers_stands_flat(package):
    module = importlib.import_module(f"echolimit.{package}")
    assert set(module.__all__) <= set(echolimit.__all__)
    for name in module.__all__:
        assert getattr(module, name) is getattr(echolimit, name)


@pytest.mark.parametrize("name", echolimit.__all__)
def test_public_names_have_docstrings(name):
    value = getattr(echolimit, name)
    assert not callable(value) or len(value.__doc__.splitlines()[0]) > 20
