"""The program inside the box: runs a notebook's cells and calls its functions, one JSON line for each request.

It trusts nobody to leave it unharmed: the student's code runs in this very process and can forge every answer. Forged
answers are worth what a function is worth that returns them, for the checks are elsewhere. Started as
`python -I probe.py`; its first line of input is its settings.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

sys.path.insert(0, str(Path(__file__).parent))

import confine
import notebook_shell
import wire

TEXT = 2000  # characters of an error


def main() -> None:
    """Confine this process, get ready, then answer until the input ends."""
    requests, answers = take_streams()
    settings = json.loads(requests.readline())
    confine.confine(settings)
    shell = notebook_shell.new_shell()
    confine.silence(2)
    answers.write(wire.to_line({"id": 0, "ready": True}))
    while line := requests.readline():
        answers.write(answer(shell, wire.from_line(line)))


def take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Input and output under other numbers, so that what the notebook reads and prints is nothing."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    confine.silence(0)
    confine.silence(1)
    return requests, answers


def answer(shell: Any, request: dict[str, Any]) -> bytes:
    """The line that answers one request."""
    reply: dict[str, Any]
    try:
        reply = DO[request["do"]](shell, request)
        return wire.to_line({"id": request["id"], **reply})
    except wire.WireError as error:
        return wire.to_line({"id": request["id"], "refused": str(error)})
    except BaseException as error:  # SystemExit too: a student's function may raise anything
        return wire.to_line({"id": request["id"], "error": words(error)})


def run_cell(shell: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Run one cell as a notebook would; a failing cell leaves what it defined before."""
    result = shell.run_cell(request["source"], store_history=False)
    error = result.error_before_exec or result.error_in_exec
    return {"error": words(error) if error else None}


def look_up(shell: Any, request: dict[str, Any]) -> dict[str, Any]:
    """What the notebook left under a name: a function, a value, or nothing."""
    if request["name"] not in shell.user_ns:
        return {"kind": "missing"}
    value = shell.user_ns[request["name"]]
    if callable(value):
        return {"kind": "function"}
    if value is ...:  # as the answer was handed out
        return {"kind": "dots"}
    return {"kind": "value", "value": wire.encode(value)}


def call(shell: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Call a function of the notebook's."""
    positional, named = wire.decode(request["arguments"])
    return {"value": wire.encode(shell.user_ns[request["name"]](*positional, **named))}


DO = {"cell": run_cell, "look": look_up, "call": call}


def words(error: BaseException) -> str:
    """Kind and text of an error."""
    try:
        if isinstance(error, SyntaxError):  # its text would name IPython's files
            return f"{type(error).__name__}: {error.msg} (line {error.lineno} of the cell)"[:TEXT]
        return f"{type(error).__name__}: {error}".removesuffix(": ")[:TEXT]
    except BaseException:
        return type(error).__name__


if __name__ == "__main__":
    main()
