"""Block names of the library in graded work: exercises ask for what they compute.

The source of both functions is part of each assignment's notebook, and that of `refusal` of the library's copy in the
grading box (box/library.py). They need nothing from this package.
"""


def refusal(name):
    """What stands for a blocked function: it raises."""

    def refuse(*_args, **_options):
        raise RuntimeError(f"echolimit.{name} is blocked in graded work: write it yourself")

    refuse.__name__ = "blocked in graded work"
    return refuse


def block(names):
    """Put a function that raises in the place of each named function, wherever the library holds it."""
    import sys

    import echolimit

    for name in names:
        original = getattr(echolimit, name)
        if getattr(original, "__name__", "") == refusal(name).__name__:
            continue
        for module in [module for key, module in list(sys.modules.items()) if key.split(".")[0] == "echolimit"]:
            for key, value in list(vars(module).items()):
                if value is original:
                    setattr(module, key, refusal(name))
