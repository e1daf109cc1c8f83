"""Block names of the library in graded work: exercises ask for what they compute.

The source of `block` is part of each assignment's notebook, and the grading box runs it before the student's code.
It needs nothing from this package.
"""


def block(names):
    """Put a function that raises in the place of each named function, wherever the library holds it."""
    import sys

    import echolimit

    mark = "blocked in graded work"

    def refusal(name):
        def refuse(*_args, **_options):
            raise RuntimeError(f"echolimit.{name} is blocked in graded work: write it yourself")

        refuse.__name__ = mark
        return refuse

    for name in names:
        original = getattr(echolimit, name)
        if getattr(original, "__name__", "") == mark:
            continue
        for module in [module for key, module in list(sys.modules.items()) if key.split(".")[0] == "echolimit"]:
            for key, value in list(vars(module).items()):
                if value is original:
                    setattr(module, key, refusal(name))
