"""Values as JSON, both ways between the box and the grader. Nothing else crosses, and nothing is revived as an object.

Numbers, strings, booleans, None and lists stand for themselves; {"dict": [[key, value], ...]}, {"array": shape, "type":
..., "data": base64} and {"complex": [re, im]} for what JSON lacks. NaN and infinities pass. The file is read by both
sides, and imports nothing of the project.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any

import numpy as np

DEPTH = 8
COUNT = 200_000  # values in one message
TEXT = 100_000  # characters of a string
ARRAY_TYPES = {"b": "|b1", "i": "<i8", "u": "<i8", "f": "<f8", "c": "<c16"}


class WireError(ValueError):
    """What cannot cross, in words for the student."""


def encode(value: Any, depth: int = DEPTH) -> Any:
    """The value as what json.dumps takes. Raises WireError for what may not cross."""
    if depth == 0:
        raise WireError(f"lists deeper than {DEPTH} levels cannot be handed over")
    if isinstance(value, np.ndarray):
        return encode_array(value)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return encode_int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, str):
        return value[:TEXT]
    if isinstance(value, list | tuple):
        return [encode(entry, depth - 1) for entry in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": [[key, encode(entry, depth - 1)] for key, entry in value.items()]}
    raise WireError(
        f"a {type(value).__name__} cannot be handed over: use numbers, strings, lists, dicts with strings as keys, "
        "and numpy arrays"
    )


def encode_int(value: int) -> int:
    if abs(value) >= 2**63:
        raise WireError("an integer of more than 64 bits cannot be handed over")
    return int(value)


def encode_array(array: np.ndarray) -> dict[str, Any]:
    """Shape, kind and bytes; integers and floats of any width become those of 64 bits."""
    if array.dtype.kind not in ARRAY_TYPES:
        raise WireError(f"an array of {array.dtype} cannot be handed over: use numbers")
    kind = ARRAY_TYPES[array.dtype.kind]
    data = np.ascontiguousarray(array, dtype=kind).tobytes()
    return {"array": list(array.shape), "type": kind, "data": base64.b64encode(data).decode()}


def decode(raw: Any) -> Any:
    """The value that `encode` made `raw` from. Raises WireError for anything else."""
    return Decoder().decode(raw, DEPTH + 2)


class Decoder:
    """Counts what it has made of one message, so that a small one cannot become a large value."""

    def __init__(self) -> None:
        self.left = COUNT

    def decode(self, raw: Any, depth: int) -> Any:
        self.left -= 1
        if depth == 0 or self.left < 0:
            raise WireError("the value is too deep or too large")
        if raw is None or isinstance(raw, bool | int | float | str):
            return raw
        if isinstance(raw, list):
            return [self.decode(entry, depth - 1) for entry in raw]
        if isinstance(raw, dict) and set(raw) == {"dict"} and isinstance(raw["dict"], list):
            return dict(self.decode_pair(pair, depth - 1) for pair in raw["dict"])
        if isinstance(raw, dict) and set(raw) == {"complex"}:
            return decode_complex(raw["complex"])
        if isinstance(raw, dict) and set(raw) == {"array", "type", "data"}:
            return decode_array(raw["array"], raw["type"], raw["data"])
        raise WireError("the value has a form that is not known")

    def decode_pair(self, pair: Any, depth: int) -> tuple[str, Any]:
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise WireError("the value has a form that is not known")
        return pair[0], self.decode(pair[1], depth)


def decode_complex(parts: Any) -> complex:
    if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(part, float) for part in parts):
        raise WireError("the value has a form that is not known")
    return complex(*parts)


def decode_array(shape: Any, kind: Any, data: Any) -> np.ndarray:
    """A plain array of one of the four types; its size follows from the bytes, and the shape must fit them."""
    if kind not in ARRAY_TYPES.values() or not isinstance(data, str) or not is_shape(shape):
        raise WireError("the value has a form that is not known")
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WireError("the value has a form that is not known") from error
    if len(raw) != math.prod(shape) * np.dtype(kind).itemsize:
        raise WireError("the shape of an array does not fit its data")
    try:
        return np.frombuffer(raw, dtype=kind).reshape(shape).astype(np.dtype(kind).newbyteorder("="))
    except ValueError as error:  # lengths whose product overflows, beside a length of zero
        raise WireError("the shape of an array does not fit its data") from error


def is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, list)
        and len(shape) <= DEPTH
        and all(type(length) is int and 0 <= length < 2**31 for length in shape)
    )


def to_line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=True).encode() + b"\n"


def from_line(line: bytes) -> dict[str, Any]:
    """The message of a line. Raises WireError unless it is a JSON object of bearable depth and numbers."""
    try:
        message = json.loads(line, parse_int=short_int)
    except (ValueError, RecursionError) as error:
        raise WireError("the answer cannot be read") from error
    if not isinstance(message, dict):
        raise WireError("the answer cannot be read")
    return message


def short_int(digits: str) -> int:
    if len(digits) > 20:
        raise WireError("an integer of more than 64 bits cannot be handed over")
    return int(digits)
