"""The first cell of an exported notebook: get the library, at the commit that built the page."""

from __future__ import annotations

TEMPLATE = '''\
# Gets the library of the book, at the version that made this notebook. Where it is installed already, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("echolimit") is None:
    subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", "{address}"])
'''


def install_cell(address: str) -> str:
    """Source of the cell. `subprocess` and not `%pip`: a failing `%pip` does not stop a notebook."""
    return TEMPLATE.format(address=address).rstrip("\n")
