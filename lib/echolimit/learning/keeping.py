"""The folder of a run: who may write, what is kept, where a killed run goes on."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from echolimit.learning.checkpoints import (
    CheckpointError,
    list_checkpoints,
    load_checkpoint,
    load_latest_checkpoint,
    save_checkpoint,
    step_of,
)
from echolimit.learning.lock import RunLock
from echolimit.learning.networks import ScoreModel, make_model
from echolimit.learning.records import RecordLog, provenance, write_json
from echolimit.learning.settings import RunSettings
from echolimit.learning.sources import Source
from echolimit.learning.training import RoundTraining

CLAIM = "settings.json"  # of a run folder: what it is for


@dataclass(frozen=True)
class RoundRecord:
    """What round `number` of a learned loop left.

    samples (n, d): draws of its model, float32 on the CPU; images flattened.  model: its score network, averaged.
    alpha, delta: of the round.  loss: mean over its last logged steps.  images_per_second: of training.
    seconds: of training and sampling, over all sittings.
    """

    number: int
    alpha: float
    delta: float
    samples: Tensor
    model: ScoreModel
    loss: float
    images_per_second: float
    seconds: float


def load_round(folder: str | Path, number: int) -> RoundRecord:
    """A finished round of a run folder, verified by its digests.  Raises CheckpointError if damaged or missing."""
    tensors, meta, _ = load_checkpoint(_place(Path(folder), number))
    settings = RunSettings.from_dict(meta["settings"])
    model = make_model(settings.network, tuple(meta["shape"]), "no", settings.seed)
    model.load_state_dict({key[6:]: value for key, value in tensors.items() if key.startswith("model.")})
    alpha, delta = settings.loop.schedule()[number - 1]
    return RoundRecord(number, alpha, delta, tensors["samples"], model.eval(), **meta["record"])


def finished_rounds(folder: str | Path) -> list[int]:
    """The numbers 1, 2, ..., k of the finished rounds of a run folder, without looking into them."""
    held = {step_of(path) for path in list_checkpoints(Path(folder) / "rounds")}
    return [number for number in range(1, len(held) + 1) if held >= set(range(1, number + 1))]


def read_claim(folder: str | Path) -> tuple[RunSettings, dict[str, str]]:
    """What a run folder was claimed for: the settings of its run, and name, provenance and digest of its data.

    Raises ValueError where the folder holds no run, a damaged settings.json, or settings that this version lacks.
    """
    path = Path(folder) / CLAIM
    if not path.is_file():
        raise ValueError(f"folder {folder} holds no run, there is no {CLAIM}: start one with `run CONFIG.toml`")
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        settings, data = RunSettings.from_dict(saved["settings"]), dict(saved["data"])
        return settings, {name: str(data[name]) for name in ("name", "provenance", "digest")}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        words = f"no entry {error}" if isinstance(error, KeyError) else error
        raise ValueError(f"{path} cannot be used ({words}): restore it, or start the run anew elsewhere") from error


def check_first_round(settings: RunSettings, source: Source) -> None:
    """ValueError unless settings.loop.first_round holds the first round that these settings and data would train."""
    other = Path(settings.loop.first_round)
    if 1 not in finished_rounds(other):
        raise ValueError(f"loop.first_round must hold a finished first round, got {str(other)!r}: run it first")
    held, data = read_claim(other)
    theirs = _first_round(held)
    for part, ours in _first_round(settings).items():
        if ours != theirs[part]:
            raise ValueError(f"loop.first_round = {str(other)!r} was run with another {part}: train the round anew")
    if data["digest"] != source.digest:
        raise ValueError(f"loop.first_round = {str(other)!r} was trained on other data: train the round anew")


def take_over(settings: RunSettings, source: Source) -> RoundRecord:
    """The first round of the run in settings.loop.first_round, checked."""
    check_first_round(settings, source)
    return replace(load_round(settings.loop.first_round, 1), alpha=settings.loop.schedule()[0][0])


class Keeper:
    """Keeps a run in its folder: lock, settings, log, checkpoints, finished rounds.  Without a folder it does nothing.

    `done` holds the numbers of the rounds that are finished and whole; a damaged one and those after it are run again.
    """

    def __init__(self, source: Source, settings: RunSettings, folder: Path | None, accelerator: Any) -> None:
        self.source, self.settings, self.accelerator = source, settings, accelerator
        self.root, self.kept = folder or Path(), folder is not None
        self.writes = self.kept and accelerator.is_main_process
        self.done: list[int] = []

    def __enter__(self) -> Keeper:
        if not self.kept:
            return self
        self._lock, self._log = RunLock(self.root), RecordLog(self.root / "log.jsonl")
        if self.writes:
            self._lock.acquire()
            try:
                self._claim()
            except BaseException:
                self._lock.release()
                raise
        self.accelerator.wait_for_everyone()
        self.done = self._whole_rounds()
        return self

    def __exit__(self, *_: object) -> None:
        if self.writes:
            self._log.close()
            self._lock.release()

    def log(self, entry: dict[str, Any]) -> None:
        """One line of the log."""
        if self.writes:
            self._log.append(entry)

    def save(self, training: RoundTraining, seconds: float, loss: float, speed: float) -> None:
        """A checkpoint of the round under way, and where the log stands."""
        if not self.writes:
            return
        tensors, meta = training.state()
        meta |= {"seconds": seconds, "loss": loss, "images_per_second": speed, "log": self._log.position()}
        before = sum(self.settings.training.steps_of(k) for k in range(1, training.number))
        save_checkpoint(self.root / "checkpoints", before + training.step, tensors, meta)

    def restore(self, training: RoundTraining) -> dict[str, Any]:
        """Go on from the last whole checkpoint if it is of this round; returns its seconds, loss and speed."""
        state: dict[str, Any] = {"seconds": 0.0, "loss": float("nan"), "images_per_second": 0.0}
        if not self.kept:
            return state
        self.accelerator.wait_for_everyone()
        found = load_latest_checkpoint(self.root / "checkpoints")
        position = 0
        if found is not None and found[1]["round"] == training.number:
            training.load(found[0], found[1])
            state, position = {key: found[1][key] for key in state}, found[1]["log"]
        elif training.number > 1:
            position = load_checkpoint(_place(self.root, training.number - 1))[1]["log"]
        if self.writes:
            self._log.rewind(position)
        return state

    def finish(self, record: RoundRecord) -> None:
        """Keep the samples and the model of a finished round, and say so in the log."""
        if not self.writes:
            return
        numbers = {"loss": record.loss, "images_per_second": record.images_per_second, "seconds": record.seconds}
        origin = provenance(record.seconds, self.accelerator.num_processes, self.accelerator.device)
        self.log({"event": "round", "round": record.number, "alpha": record.alpha, "delta": record.delta, **numbers,
                  "samples": len(record.samples), "provenance": origin})  # fmt: skip
        tensors = {"samples": record.samples} | {f"model.{k}": v.cpu() for k, v in record.model.state_dict().items()}
        meta = {"settings": self.settings.as_dict(), "shape": list(self.source.shape), "record": numbers,
                "log": self._log.position()}  # fmt: skip
        save_checkpoint(self.root / "rounds", record.number, tensors, meta, keep=self.settings.loop.rounds)

    def _whole_rounds(self) -> list[int]:
        whole = []
        for number in finished_rounds(self.root):
            try:
                load_checkpoint(_place(self.root, number))
            except CheckpointError as error:
                warnings.warn(f"{error}; round {number} is run again", RuntimeWarning, stacklevel=2)
                break
            whole.append(number)
        return whole

    def _claim(self) -> None:
        """Write the settings of a new run, or refuse the folder of another one."""
        path = self.root / CLAIM
        data = {"name": self.source.name, "provenance": self.source.provenance, "digest": self.source.digest}
        mine = {"settings": self.settings.as_dict(), "digest": self.settings.digest(), "data": data}
        if not path.exists():
            write_json(path, mine)
            return
        settings, held = read_claim(self.root)
        if (settings.digest(), held["digest"]) != (self.settings.digest(), self.source.digest):
            raise ValueError(
                f"folder {self.root} holds another run (other settings or data, see {path}): take another folder"
            )


def _place(folder: Path, number: int) -> Path:
    return folder / "rounds" / f"step-{number:010d}"


def _first_round(settings: RunSettings) -> dict[str, Any]:
    """The settings that a first round depends on."""
    training = replace(settings.training, steps=settings.training.steps_of(1), checkpoint_every=1, log_every=1)
    return {"seed": settings.seed, "network": settings.network, "sampler": settings.sampler, "training": training,
            "delta": settings.loop.schedule()[0][1], "number of samples": settings.loop.samples}  # fmt: skip
