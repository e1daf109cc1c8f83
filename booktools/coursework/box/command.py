"""The command line of one box: bubblewrap around the probe."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from booktools.coursework.box.limits import Limits

BOX = Path(__file__).parent
# Root's box keeps the right to become another user, which the probe does at once and for good; above it bubblewrap has
# a process that ends with the grader. Otherwise that process would be the student's own, and open to attack: then the
# probe itself is the first of its namespace.
ROOT = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
USER = ["--unshare-user", "--as-pid-1"]
HOME = "/home/student"
WRITABLE = {"/tmp": "1777", HOME: "0777", "/dev/shm": "1777"}


def environment(home: str) -> dict[str, str]:
    """All that the student's code sees of an environment. One thread a library: two boxes share two cores."""
    return {
        "HOME": home,
        "TMPDIR": "/tmp",
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def bubblewrap() -> str | None:
    """Where bwrap is."""
    return shutil.which("bwrap")


def is_root() -> bool:
    return os.geteuid() == 0


def processes_above() -> int:
    """How many processes of bubblewrap's stand above the probe."""
    return 2 if is_root() else 1


def box_user() -> int | None:
    """As root: a user of its own for each grading process, who owns nothing. Otherwise the box has a user namespace."""
    return 1_900_000_000 + os.getpid() if is_root() else None


def readable_folders() -> list[Path]:
    """What the box may read beside /usr: this Python, its packages and the library. Nothing of the course."""
    folders = {
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.base_prefix).resolve(),
        Path(sys.executable).resolve().parent.parent,
        library_folder(),
    }
    return sorted(folder for folder in folders if not folder.is_relative_to("/usr"))


def library_folder() -> Path:
    """Where echolimit lies."""
    library = importlib.util.find_spec("echolimit")
    if library is None or library.origin is None:
        raise RuntimeError("echolimit is not installed in this environment")
    return Path(library.origin).parent


def probe_files() -> list[Path]:
    """The program inside the box."""
    return sorted((BOX / "inside").glob("*.py"))


def boxed_command(
    limits: Limits, fonts: Path | None, filter_descriptor: int, changed: Mapping[Path, Path]
) -> list[str]:
    """The whole command.

    `fonts` is matplotlib's list of fonts, whose making takes seconds; `changed` are modules of the library that are
    replaced, by their paths in it.
    """
    words = [bubblewrap() or "bwrap", "--die-with-parent", "--new-session", "--clearenv", "--hostname", "box"]
    words += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    words += ["--cap-drop", "ALL", *(ROOT if is_root() else USER)]
    words += folders(parents([*readable_folders(), Path("/etc/alternatives"), Path(HOME), Path("/box/probe.py")]))
    words += ["--ro-bind", "/usr", "/usr"]
    for link in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        words += link_or_folder(link)
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-try", "/etc/alternatives"]
    words += ["/etc/alternatives", "--proc", "/proc", "--dev", "/dev"]
    for place, mode in WRITABLE.items():
        words += ["--perms", mode, "--size", str(limits.file_bytes), "--tmpfs", place]
        words += folders([one for one in parents(readable_folders()) if Path(place) in one.parents])
    for readable in readable_folders():
        words += ["--ro-bind", str(readable), str(readable)]
    for inside, file in changed.items():
        words += ["--ro-bind", str(file), str(library_folder() / inside)]
    for file in probe_files():
        words += ["--ro-bind", str(file), f"/box/{file.name}"]
    if fonts:
        words += ["--perms", "0777", "--dir", f"{HOME}/.matplotlib"]
        words += ["--ro-bind", str(fonts), f"{HOME}/.matplotlib/{fonts.name}"]
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME, "--seccomp", str(filter_descriptor)]
    for name, value in environment(HOME).items():
        words += ["--setenv", name, value]
    return [*words, "--", sys.executable, "-I", "-B", "/box/probe.py"]


def parents(paths: list[Path]) -> list[Path]:
    """Folders above these, from the top; bubblewrap would make them for root alone."""
    above = {folder for path in paths for folder in path.parents if folder != Path("/")}
    return sorted(above)


def folders(paths: list[Path]) -> list[str]:
    """Make folders that everyone may pass through."""
    return [word for path in paths for word in ("--perms", "0755", "--dir", str(path))]


def link_or_folder(path: str) -> list[str]:
    """A system folder as it is here: a link into /usr, a folder of its own, or nothing."""
    if os.path.islink(path):
        return ["--symlink", os.readlink(path), path]
    return ["--ro-bind", path, path] if os.path.isdir(path) else []


def bare_command(folder: Path, changed: Mapping[Path, Path]) -> list[str]:
    """The probe without a box, for systems that have none and an instructor who insists; its files go to `folder`."""
    for file in probe_files():
        shutil.copy(file, folder)
    if changed:
        shutil.copytree(library_folder(), folder / "echolimit", ignore=shutil.ignore_patterns("__pycache__"))
    for inside, file in changed.items():
        shutil.copy(file, folder / "echolimit" / inside)
    return [sys.executable, "-I", "-B", str(folder / "probe.py")]
