"""An IPython shell that behaves as a notebook's kernel does, less what a grader has no use for."""

from __future__ import annotations

import importlib
import sys
import types
import warnings
from importlib.machinery import ModuleSpec
from typing import Any

IGNORED_MAGICS = ("pip", "conda", "uv", "mamba", "matplotlib", "load_ext", "autoreload")


def new_shell() -> Any:
    """The shell, with the library loaded and a stub for Otter whose checks do nothing."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    warnings.simplefilter("ignore")
    sys.modules["otter"] = otter_stub()
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Minimal"
    shell: Any = InteractiveShell.instance(config=config)
    for name in IGNORED_MAGICS:
        shell.register_magic_function(do_nothing, "line", name)
    shell.ask_exit = do_nothing
    # "!pip install" and its like: there is neither a network nor a place to install to.
    shell.system = shell.system_raw = shell.system_piped = do_nothing
    shell.getoutput = lambda *_a, **_k: []
    importlib.import_module("echolimit")  # its second is not the student's
    return shell


def otter_stub() -> types.ModuleType:
    """A module `otter` with a class Notebook of which every method does nothing."""
    stub: Any = types.ModuleType("otter")
    stub.__spec__ = ModuleSpec("otter", None)  # notebooks look for it before they import it
    stub.Notebook = StubNotebook
    return stub


class StubNotebook:
    """Stands for otter.Notebook: checks are run elsewhere."""

    def __init__(self, *_arguments: Any, **_options: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # IPython asks objects how they want to be shown
            raise AttributeError(name)
        return do_nothing


def do_nothing(*_arguments: Any, **_options: Any) -> None:
    return None
