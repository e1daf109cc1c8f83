"""Write requirements.txt from requirements.in: the releases found in this environment, transitive ones too.

To move to newer releases: edit requirements.in, install it into a fresh virtual environment together with
`pip install -e . --no-deps`, and run `python -m booktools.pins` there.
"""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
HEAD = """\
# The exact environment that builds the book and runs the tests: Python 3.11 to 3.13, Linux and macOS.
# Written by `make pins` from requirements.in: edit that file, install it into a fresh virtual environment
# and run the command there. The package's own dependencies, as ranges, are in pyproject.toml.
# torch is pinned without a build tag: whether a CPU or a CUDA build comes, pip's settings decide (README.md).
"""
# Drawn in by torch builds for accelerators only, hence no part of this environment.
LEFT_OUT = re.compile(r"^(nvidia|cuda|triton)")


def groups(text: str) -> list[tuple[str, list[str]]]:
    """The groups of requirements.in, as (comment, names); the leading comment block is no group."""
    found = []
    for block in text.split("\n\n")[1:]:
        title, *lines = block.strip().splitlines()
        found.append((title, [Requirement(line).name for line in lines]))
    return found


def pin(name: str) -> str:
    """'name==version' as installed, without a local build tag such as +cpu."""
    return f"{canonicalize_name(name)}=={distribution(name).version.split('+')[0]}"


def drawn_in(names: list[str]) -> set[str]:
    """Everything that the named packages require in this environment, themselves included."""
    seen: set[str] = set()
    waiting = [(canonicalize_name(name), frozenset[str]()) for name in names]
    done = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in done or LEFT_OUT.match(name):
            continue
        done.add((name, extras))
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # a marker of another platform
        seen.add(name)
        for line in requires:
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""}):
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return seen


def write(text: str) -> str:
    """The text of requirements.txt for the text of requirements.in."""
    direct = groups(text)
    named = {canonicalize_name(name) for _, names in direct for name in names}
    parts = [HEAD]
    for title, names in direct:
        parts.append("\n".join([title, *(pin(name) for name in names)]) + "\n")
    rest = sorted(drawn_in(sorted(named)) - named)
    parts.append("\n".join(["# drawn in by those above", *(pin(name) for name in rest)]) + "\n")
    return "\n".join(parts)


def main() -> None:
    """Write the file and say so."""
    target = ROOT / "requirements.txt"
    target.write_text(write((ROOT / "requirements.in").read_text(encoding="utf-8")), encoding="utf-8")
    print(f"Wrote {target.name}.")


if __name__ == "__main__":
    main()
