"""What is kept of a run: its record with provenance, metrics beside theory, pictures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from echolimit._checks import check_count
from echolimit.figures.display import picture_png
from echolimit.figures.runs import plot_image_grid, plot_run
from echolimit.images.spectra import loop_ages
from echolimit.learning._files import write_whole
from echolimit.learning.comparisons import ImageComparison, compare_rounds, has_images, has_law
from echolimit.learning.records import write_json
from echolimit.learning.runs import Run, settings_as_toml
from echolimit.learning.settings import RunSettings
from echolimit.learning.vectors import vector_rows

SHOWN = ("tail_variance", "spectral_slope", "shape_3")  # in the picture of a run on images
THUMBNAILS = 20
COLUMNS = {  # of the printed table: entry of a row, its title and its width
    "measured": ("measured", 10), "standard_error": ("error", 9), "theory": ("theory", 10), "control": ("control", 10),
    "normal": ("normal", 10), "floor": ("floor", 10),
}  # fmt: skip


def write_plot(run: Run, path: str | Path, metrics: Sequence[dict[str, Any]] = ()) -> Path:
    """Draw the run so far, see `plot_run`, as PNG.  Raises ValueError for a run that has not logged a step."""
    rows = metrics or _kept_metrics(run)
    chosen = [row for row in rows if row["metric"] in SHOWN] or rows
    return write_whole(path, picture_png([plot_run(run.log, chosen)]))


def write_report(run: Run, to: str | Path, thumbnails: int = THUMBNAILS) -> str:
    """Compare the finished rounds with theory and write record.json, metrics.jsonl, log.jsonl, config.toml, pictures.

    to: folder, made when missing; a config.toml there stays, with its comments, if it holds the same settings.
    thumbnails: most images in grid.png, >= 3.  Returns a table of the rounds as text.
    Raises ValueError, before any work, for a run without a finished round, thumbnails out of range, or the folder of
    another run.
    """
    target, most = Path(to), check_count(thumbnails, "thumbnails", least=3)
    if not run.finished:
        raise ValueError(f"folder {run.folder} holds no finished round yet: wait for it, or use `plot`")
    _claim_config(run, target)
    record = describe(run)
    metrics: list[dict[str, Any]] = []
    if has_images(run):
        comparison = ImageComparison(run)
        reference = comparison.reference
        record["data"] |= {"n": len(comparison.rows), "shape": reference.shape}
        record["data"]["leading_variances"] = reference.variances[: reference.axes]  # along the principal axes
        gains, powers = [], []
        for rows, gain, power in compare_rounds(comparison):
            metrics += rows
            gains.append(gain)
            powers.append(power)
        record |= {"metrics": metrics, "gain": gains, "tail_powers": powers}
        write_whole(target / "grid.png", _grid(run, comparison, most))
    elif has_law(run):
        record["vectors"] = vector_rows(run.rounds(), run.settings)
        metrics = _vector_metrics(record["vectors"]["rounds"])
    write_json(target / "record.json", record)
    written = (target / "record.json").read_text(encoding="utf-8")
    plain = json.loads(written).get("metrics", metrics)
    if plain:
        lines = "".join(json.dumps(row) + "\n" for row in plain)
        for folder in {target, run.folder}:
            write_whole(folder / "metrics.jsonl", lines.encode())
    shutil.copyfile(run.folder / "log.jsonl", target / "log.jsonl")
    if record["losses"]["step"]:  # none where the only round so far was taken from another run
        write_plot(run, target / "progress.png", plain)
    return table(record["training"], plain)


def describe(run: Run) -> dict[str, Any]:
    """The record without comparisons: what was run on what, how it went, and where the numbers come from."""
    settings, lines = run.settings, run.round_lines()
    schedule = settings.loop.schedule()
    config = f"results/{settings.name}/config.toml"
    return {
        "name": settings.name,
        "command": f"python -m echolimit.learning run {config} --folder runs/{settings.name}",
        "settings": settings.as_dict(),
        "settings_digest": settings.digest(),
        "alpha": [alpha for alpha, _ in schedule],
        "delta": [delta for _, delta in schedule],
        "rounds": len(run.finished),
        "complete": run.complete,
        "data": {**run.data, "resolution": settings.data.resolution, "split": settings.data.split},
        "minutes": round(sum(line["seconds"] for line in lines) / 60, 2),
        "provenance": lines[-1]["provenance"] if lines else None,
        "training": [_training(line) for line in lines],
        "losses": _losses(run),
    }


def table(training: Sequence[dict[str, Any]], metrics: Sequence[dict[str, Any]]) -> str:
    """A line a round, and below it the metrics beside theory, at most 80 columns."""
    lines = [f"{'round':<7}{'alpha':>7}{'delta':>7}{'loss':>9}{'points/s':>10}{'minutes':>9}"]
    for row in training:
        numbers = f"{row['alpha']:>7.3g}{row['delta']:>7.3g}{row['loss'] or 0:>9.4f}{row['images_per_second']:>10.0f}"
        lines.append(f"{row['round']:<7}{numbers}{row['minutes']:>9.1f}")
    if metrics:
        lines += ["", f"{'metric':<21}" + "".join(f"{title:>{wide}}" for title, wide in COLUMNS.values())]
    for place, row in enumerate(metrics):
        if not place or metrics[place - 1]["round"] != row["round"]:
            lines.append(f"round {row['round']}")
        cells = ((row.get(name), wide) for name, (_, wide) in COLUMNS.items())
        lines.append(
            f"{row['metric']:<21}" + "".join(f"{'' if x is None else f'{x:.3g}':>{wide}}" for x, wide in cells)
        )
    return "\n".join(lines)


def _training(line: dict[str, Any]) -> dict[str, Any]:
    kept = {name: line[name] for name in ("round", "alpha", "delta", "loss", "images_per_second", "samples")}
    return kept | {"minutes": round(line["seconds"] / 60, 2)}


def _losses(run: Run, most: int = 200) -> dict[str, list[Any]]:
    """The logged losses, thinned to at most `most` lines: round, step, loss."""
    steps = [line for line in run.log if line.get("event") == "step"]
    thin = steps[:: -(-len(steps) // most) or 1]
    return {name: [line[name] for line in thin] for name in ("round", "step", "loss")}


def _claim_config(run: Run, target: Path) -> None:
    """Write the settings of the run to the folder of its record, or refuse that of another one."""
    path = target / "config.toml"
    if not path.is_file():
        write_whole(path, settings_as_toml(run.settings).encode())
    elif RunSettings.from_toml(path).digest() != run.settings.digest():
        raise ValueError(f"{path} holds other settings than {run.folder}: take another folder for the record")


def _kept_metrics(run: Run) -> list[dict[str, Any]]:
    """The metrics that an earlier report of the run left in its folder."""
    path = run.folder / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def _grid(run: Run, comparison: ImageComparison, most: int) -> bytes:
    """Thumbnails of the exact law and the network by round, at most so many in all, the last rounds if too many."""
    rounds = run.finished[-((most - 1) // 2) :]
    each = max(1, most // (2 * len(rounds) + 1))
    exact = {"data": comparison.draws(0, each)} | {f"round {k}": comparison.draws(k, each) for k in rounds}
    pixels = comparison.reference.pixels_of
    learned = {
        f"round {record.number}": pixels(record.samples[:each].numpy())
        for record in run.rounds()
        if record.number in rounds
    }
    return picture_png([plot_image_grid({"exact": exact, "network": learned}, run.data["provenance"])])


def _vector_metrics(rounds: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The main numbers of `vector_rows` as rows of the same kind as those of images."""
    rows: list[dict[str, Any]] = []
    alphas, deltas = ([entry[name] for entry in rounds] for name in ("alpha", "delta"))
    for number, entry in enumerate(rounds, start=1):
        at, sliced = {"round": entry["round"]}, entry["sliced"]
        spread = {"control": sliced["control"], "control_spread": sliced["floor_spread"], "floor": sliced["floor"]}
        rows.append(at | {"metric": "sliced_w2_to_law", "measured": sliced["theory"], "theory": 0.0} | spread)
        ages = loop_ages(number, alphas[:number], deltas[:number])
        for degree in (2, 4):
            if "modes" in entry:
                kept = {"measured": entry["modes"][degree - 1], "standard_error": entry["modes_error"][degree - 1]}
                exact = {"theory": ages.kept(degree), "control": entry["control_modes"][degree - 1]}
                rows.append(at | {"metric": f"hermite_{degree}"} | kept | exact)
    return rows
