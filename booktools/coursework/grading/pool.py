"""Processes that grade one submission after another, and survive one another's deaths."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection, wait
from typing import Any

from booktools.coursework.grading.grader import Grader
from booktools.coursework.grading.marks import Marks

# Nothing is inherited: a box must find no open file of this process.
CONTEXT = multiprocessing.get_context("spawn")
FAILED = "The grader itself stopped over this submission; please grade it by hand: %s"
Outcome = tuple[str, Marks | str]


class Worker:
    """One process, and the job that it has."""

    def __init__(self, grader: Grader) -> None:
        self.pipe, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=work, args=(theirs, grader), daemon=True)
        self.process.start()
        theirs.close()
        self.job = ""

    def give(self, job: str, what: tuple[list[str], str]) -> None:
        self.job = job
        self.pipe.send(what)

    def take(self) -> Outcome:
        """The outcome of its job; a text if the process died over it."""
        try:
            return self.job, self.pipe.recv()
        except EOFError:
            self.process.join()
            return self.job, FAILED % f"its process ended with {self.process.exitcode}"

    def end(self) -> None:
        """Stop it at once; a box dies with the process that started it."""
        self.process.terminate()
        self.process.join()
        self.pipe.close()


def work(pipe: Connection, grader: Grader) -> None:
    """What a worker does until its pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's affair
    while True:
        try:
            cells, student = pipe.recv()
        except EOFError:
            return
        pipe.send(outcome(grader, cells, student))


def outcome(grader: Grader, cells: list[str], student: str) -> Marks | str:
    try:
        return grader.grade(cells, student)
    except Exception as error:  # one submission must not end the grading of the others
        return FAILED % f"{type(error).__name__}: {error}"


def grade_all(grader: Grader, jobs: Mapping[str, tuple[list[str], str]], workers: int) -> Iterator[Outcome]:
    """Grade the jobs (cells, student) and yield (name of the job, marks or what went wrong) as they are done."""
    waiting = list(jobs)
    crew = [Worker(grader) for _ in range(min(workers, len(waiting)))]
    try:
        for worker in crew:
            name = waiting.pop(0)
            worker.give(name, jobs[name])
        while crew:
            ready: list[Any] = wait([worker.pipe for worker in crew])
            for worker in [one for one in crew if one.pipe in ready]:
                yield worker.take()
                crew.remove(worker)
                if not waiting:
                    worker.end()
                    continue
                if not worker.process.is_alive():
                    worker.end()
                    worker = Worker(grader)
                crew.append(worker)
                name = waiting.pop(0)
                worker.give(name, jobs[name])
    finally:
        for worker in crew:
            worker.end()
