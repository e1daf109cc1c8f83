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
DEVICE = '''
import torch

print("Networks train on", torch.cuda.get_device_name() if torch.cuda.is_available() else "the processor.")
'''


def install_cell(address: str, more: Mapping[str, str] | None = None, trains: bool = False) -> str:
    """Source of the cell, with `more` modules and where pip finds them; where networks train, it says on what.

    `subprocess` and not `%pip`: a failing `%pip` does not stop a notebook.
    """
    others = [MORE.format(module=module, address=place) for module, place in (more or {}).items()]
    return "".join([TEMPLATE.format(address=address), *others, DEVICE if trains else ""]).rstrip("\n")
