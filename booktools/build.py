"""Build the book: `python -m booktools.build [--source DIR] [--out DIR]`.

Executes what changed, builds the pages and the notebooks into OUT/_build/html, looks through the built site and exits
non-zero on any cell error, Sphinx warning, broken reference, untested claim, foreign address or figure without words.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from booktools.site_checks import check_site


def build(source: Path, out: Path) -> list[str]:
    """Build the book in `source` below `out`; returns what is wrong with it, nothing if all is well."""
    from jupyter_book.sphinx import build_sphinx  # slow to import: not before the arguments are known to be right

    site = out / "_build" / "html"
    # An incremental build hides the warnings of the build before it: pages are always made anew. The outputs of the
    # code cells come from the cache, which stays.
    for folder in (site, out / "_build" / ".doctrees", out / "_build" / "jupyter_execute"):
        shutil.rmtree(folder, ignore_errors=True)
    result = build_sphinx(
        source,
        site,
        path_config=source / "_config.yml",
        noconfig=True,
        confoverrides={
            "external_toc_path": (source / "_toc.yml").as_posix(),
            "latex_individualpages": False,
            "nitpicky": True,
        },
        warningiserror=True,
        keep_going=True,
        freshenv=True,
        quiet=False,
    )
    if isinstance(result, BaseException):
        return [f"Sphinx stopped: {result}"]
    if result:
        return ["Sphinx gave warnings (above); each of them fails the build"]
    return check_site(site)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, build, say how it went."""
    parser = argparse.ArgumentParser(prog="python -m booktools.build", description=__doc__)
    parser.add_argument("--source", type=Path, default=Path.cwd(), help="folder with _config.yml (default: here)")
    parser.add_argument("--out", type=Path, help="folder that gets _build/ (default: the source folder)")
    options = parser.parse_args(arguments)
    source = options.source.resolve()
    missing = [name for name in ("_config.yml", "_toc.yml") if not (source / name).is_file()]
    if missing:
        parser.error(f"{source} holds no {' and no '.join(missing)}: give the book's folder with --source")
    out = (options.out or source).resolve()
    start = time.perf_counter()
    problems = build(source, out)
    seconds = time.perf_counter() - start
    for problem in problems:
        print(f"problem: {problem}", file=sys.stderr)
    if problems:
        print(f"\nThe book has {len(problems)} problem(s), found in {seconds:.1f} s.", file=sys.stderr)
        return 1
    print(f"\nThe book is built, in {seconds:.1f} s. Open {out / '_build' / 'html' / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
