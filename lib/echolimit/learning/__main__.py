"""The command line: python -m echolimit.learning run | resume | plot | report | sweep."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from echolimit.learning.checkpoints import CheckpointError
from echolimit.learning.lock import RunLockedError
from echolimit.learning.recursion import learned_recursion
from echolimit.learning.runs import PASSED, read_run, read_settings
from echolimit.learning.settings import RunSettings

COMMAND = "python -m echolimit.learning"
WRONG, FAILED, STOPPED = 2, 1, 130  # exit codes: a config or argument; the run; ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (ValueError, TypeError, ImportError, FileNotFoundError, ConnectionError) as error:
        return _say(f"error: {error}", WRONG)
    except (RunLockedError, CheckpointError, RuntimeError, OSError) as error:
        return _say(f"error: {error}", FAILED)
    except KeyboardInterrupt:
        return _say("stopped; the same command, or `resume FOLDER`, goes on from the last checkpoint", STOPPED)


def run_command(options: argparse.Namespace) -> int:
    """Start a run, or go on with it where its folder holds one of the same settings."""
    settings = read_settings(options.config, options.set)
    folder = Path(options.folder) if options.folder else Path("runs") / settings.name
    if (folder / "settings.json").is_file():
        found = read_run(folder)
        if found.settings.digest() != settings.digest():
            raise ValueError(
                f"folder {folder} holds a run of other settings: take another --folder, or `{COMMAND} resume {folder}`"
            )
        if found.complete:
            return _print(f"{folder} is finished: {settings.loop.rounds} rounds")
    return _go(settings, folder, not options.quiet)


def resume_command(options: argparse.Namespace) -> int:
    """Go on with a run from its last whole checkpoint."""
    found = read_run(options.folder)
    if found.complete:
        return _print(f"{found.folder} is finished: {found.settings.loop.rounds} rounds")
    if found.data["name"] in PASSED:
        raise ValueError(
            f"the data of {found.folder} were passed from Python: call learned_recursion(data, settings, folder) again"
        )
    return _go(found.settings, found.folder, not options.quiet)


def plot_command(options: argparse.Namespace) -> int:
    """Draw the run so far."""
    from echolimit.learning.report import write_plot

    found = read_run(options.folder)
    return _print(f"wrote {write_plot(found, Path(options.to) if options.to else found.folder / 'progress.png')}")


def report_command(options: argparse.Namespace) -> int:
    """Compare the finished rounds with theory, and write the record."""
    from echolimit.learning.report import write_report

    found = read_run(options.folder)
    to = Path(options.to) if options.to else found.folder / "report"
    print(write_report(found, to, thumbnails=options.thumbnails))
    return _print(f"wrote {to}")


def sweep_command(options: argparse.Namespace) -> int:
    """Run a grid of runs through Dask."""
    from echolimit.learning.sweep import sweep_command as sweep

    return sweep(options.config, options.folder)


def _go(settings: RunSettings, folder: Path, progress: bool) -> int:
    main_process = os.environ.get("RANK", "0") == "0"
    for record in learned_recursion(None, settings, folder, progress=progress):
        if main_process:
            _print(
                f"round {record.number} of {settings.loop.rounds}: alpha {record.alpha:g}, delta {record.delta:g}, "
                f"loss {record.loss:.4f}, {len(record.samples)} samples, {record.seconds / 60:.1f} min"
            )
    return _print(f"finished: {folder}") if main_process else 0


def _print(text: str) -> int:
    print(text, flush=True)
    return 0


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr, flush=True)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=COMMAND, description="The learned recursion: chapters 10 and 11.")
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="start a run, or go on with it, from a TOML config")
    run.add_argument("config", help="TOML file: name, seed, [data], [loop], [network], [training], [sampler]")
    run.add_argument("--folder", help="of the run (default runs/NAME)")
    run.add_argument("--set", action="append", default=[], metavar="TABLE.ENTRY=VALUE", help="change one entry")
    run.add_argument("--quiet", action="store_true", help="no progress bars")
    run.set_defaults(command=run_command)

    resume = commands.add_parser("resume", help="go on with a run from its last checkpoint")
    resume.add_argument("folder")
    resume.add_argument("--quiet", action="store_true", help="no progress bars")
    resume.set_defaults(command=resume_command)

    plot = commands.add_parser("plot", help="draw the run so far, also while it is under way")
    plot.add_argument("folder")
    plot.add_argument("--to", metavar="FILE", help="picture to write (default FOLDER/progress.png)")
    plot.set_defaults(command=plot_command)

    report = commands.add_parser("report", help="compare the finished rounds with theory, write record and pictures")
    report.add_argument("folder")
    report.add_argument("--to", metavar="FOLDER", help="for the record, such as results/NAME (default FOLDER/report)")
    report.add_argument("--thumbnails", type=int, default=20, help="images in grid.png at most (default 20)")
    report.set_defaults(command=report_command)

    sweep = commands.add_parser("sweep", help="run a grid over alpha, delta, schedule and seed through Dask")
    sweep.add_argument("config", help="TOML file of the sweep")
    sweep.add_argument("--folder", help="of the sweep's runs")
    sweep.set_defaults(command=sweep_command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
