"""The first cell of an exported notebook: get the library, at the commit that built the page."""

from __future__ import annotations

from collections.abc import Mapping

TEMPLATE = '''\
# Gets the library of the book, at the version that made this notebook. Where it is installed already, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("echolimit") is None:
    subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", "{address}"])
'''
MORE = '''\
if importlib.util.find_spec("{module}") is None:
    subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", "{address}"])
'''


def install_cell(address: str, more: Mapping[str, str] | None = None) -> str:
    """Source of the cell, with `more` modules and where pip finds them.

    `subprocess` and not `%pip`: a failing `%pip` does not stop a notebook.
    """
    others = [MORE.format(module=module, address=place) for module, place in (more or {}).items()]
    return "".join([TEMPLATE.format(address=address), *others]).rstrip("\n")
