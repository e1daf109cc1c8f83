"""Make .venv, or rebuild it when it no longer fits; run by every target of the Makefile.

The environment is finished when its stamp holds the digest of everything that decides its contents:
requirements.txt, the packaging part of pyproject.toml and the Python version. The stamp is written last, so
that an interrupted installation leaves none. When nothing is to be done this prints nothing.

Only the standard library, and syntax that Pythons older than the book's can read: those must get a clear
refusal, not a syntax error.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from typing import Callable, List, Optional, Tuple

OLDEST, NEWEST = (3, 11), (3, 13)
STAMP = "echolimit-stamp"
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROBE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


class Refusal(Exception):
    """A reason to stop that the user can act on; its text is one line that says what to do."""


def supported(version: str) -> bool:
    """Whether '3.12' lies in the range that the book supports."""
    try:
        pair = tuple(int(part) for part in version.split("."))
    except ValueError:
        return False
    return OLDEST <= pair[:2] <= NEWEST


def packaging_part(text: str) -> str:
    """The tables of pyproject.toml that decide what is installed; settings of linters and tests do not."""
    kept = []
    keep = False
    for line in text.splitlines():
        if line.startswith("["):
            table = line.strip("[] \t")
            keep = table.startswith(("build-system", "project", "tool.setuptools"))
        if keep and not line.lstrip().startswith("#"):
            kept.append(line.rstrip())
    return "\n".join(line for line in kept if line)


def digest(root: str, version: str) -> str:
    """Digest of requirements.txt, the packaging part of pyproject.toml and the Python version."""
    with open(os.path.join(root, "requirements.txt"), encoding="utf-8") as file:
        requirements = [line.strip() for line in file]
    with open(os.path.join(root, "pyproject.toml"), encoding="utf-8") as file:
        project = packaging_part(file.read())
    pins = [line for line in requirements if line and not line.startswith("#")]
    return hashlib.sha256("\n".join(pins + ["", project, version]).encode("utf-8")).hexdigest()


def read_stamp(venv: str) -> Tuple[str, str]:
    """(Python version, digest) of a finished environment; two empty strings when there is no usable stamp."""
    try:
        with open(os.path.join(venv, STAMP), encoding="utf-8") as file:
            version, value = file.read().split()
    except (OSError, ValueError):
        return "", ""
    return version, value


def write_stamp(root: str, venv: str, version: str) -> None:
    """Mark the environment as finished, in one step that cannot be seen half done."""
    path = os.path.join(venv, STAMP)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(version + " " + digest(root, version) + "\n")
    os.replace(path + ".new", path)


def reason_to_build(root: str, venv: str, version: str) -> str:
    """Why the environment must be built; '' when it is good. version '' stands for any supported one."""
    if not os.path.isdir(venv):
        return "there is none yet"
    made_with, value = read_stamp(venv)
    if not value:
        return "the one that is there was left half-made"
    if not os.path.exists(os.path.join(venv, "bin", "python")):
        return "its Python is gone"
    if (version and made_with != version) or not supported(made_with):
        return "it was made with Python " + made_with
    if value != digest(root, made_with):
        return "the requirements have changed"
    return ""


def probe(python: str) -> str:
    """Version '3.12' of an interpreter that can make environments; '' when it cannot or does not run."""
    try:
        answer = subprocess.run(
            [python, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.decode().strip()


def choose(asked: str, running: str, find: Callable[[str], str] = probe) -> Tuple[str, str]:
    """(interpreter, version) to build with: the one asked for, which runs this, else one found on the path.

    Raises Refusal when there is none, naming what was found and the remedy.
    """
    span = "Python 3.%d to 3.%d" % (OLDEST[1], NEWEST[1])
    if supported(running):
        if find(sys.executable):
            return sys.executable, running
        if asked:
            raise Refusal(
                "Python %s at %s has no venv module: install python%s-venv (Debian, Ubuntu) or name another "
                "interpreter: make PYTHON=python3.12 book" % (running, sys.executable, running)
            )
    if asked:
        raise Refusal(
            "the book needs %s, but %s is Python %s; try: make PYTHON=python3.12 book"
            % (span, asked, running)
        )
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        name = "python3.%d" % minor
        found = find(name)
        if supported(found):
            return name, found
    if supported(running):
        raise Refusal(
            "Python %s at %s has no venv module: install python%s-venv (Debian, Ubuntu)"
            % (running, sys.executable, running)
        )
    raise Refusal(
        "the book needs %s, found only Python %s at %s; install one, then: make PYTHON=python3.12 book"
        % (span, running, sys.executable)
    )


def build(root: str, venv: str, python: str, version: str, run: Callable = subprocess.check_call) -> None:
    """Make the environment afresh: venv, exact requirements, the package in place, then the stamp."""
    if os.path.isdir(venv):
        shutil.rmtree(venv)
    # python -I keeps variables such as PYTHONPATH from leaking other packages into the new environment.
    run([python, "-I", "-m", "venv", venv])
    inside = os.path.join(venv, "bin", "python")
    # Twice quiet: errors only.
    install = [inside, "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    run(install + ["-r", os.path.join(root, "requirements.txt")])
    run(install + ["--no-deps", "--no-build-isolation", "-e", root])
    write_stamp(root, venv, version)


def main(arguments: Optional[List[str]] = None, running: str = "") -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(description="make .venv, or rebuild it when outdated")
    parser.add_argument("--asked", default="", help="the interpreter that the user named, if any")
    parser.add_argument("--root", default=HERE, help="the checkout")
    options = parser.parse_args(arguments)
    venv = os.path.join(options.root, ".venv")
    running = running or "%d.%d" % sys.version_info[:2]
    try:
        # Without an explicit wish a finished environment of any supported Python is kept as it is.
        reason = reason_to_build(options.root, venv, running if options.asked else "")
        if not reason:
            return 0
        python, version = choose(options.asked, running)
        print("Setting up .venv with Python %s (%s); this takes a few minutes" % (version, reason))
        sys.stdout.flush()
        build(options.root, venv, python, version)
    except Refusal as refusal:
        sys.stderr.write("%s\n" % refusal)
        return 2
    except subprocess.CalledProcessError as failure:
        sys.stderr.write("Setting up .venv failed in: %s\n" % " ".join(failure.cmd))
        sys.stderr.write("The reason stands above; the next make starts afresh.\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; the next make sets .venv up afresh.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
