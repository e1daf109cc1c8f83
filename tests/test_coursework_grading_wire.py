"""What crosses the wall of the sandbox: plain values, exactly; nothing else, and nothing large."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from booktools.coursework.box.inside import wire

numbers = st.one_of(st.none(), st.booleans(), st.integers(-(2**63) + 1, 2**63 - 1), st.floats(), st.text(max_size=20))
values = st.recursive(
    numbers,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)),
    max_leaves=12,
)


def across(value):
    return wire.decode(wire.from_line(wire.to_line({"value": wire.encode(value)}))["value"])


def same(a, b):
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


def levels(value):
    inner = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return 1 + max(map(levels, inner), default=0)


@given(value=values)
def test_plain_values_come_back_as_they_went(value):
    assume(levels(value) <= wire.DEPTH)
    assert same(value, across(value))


@pytest.mark.parametrize("kind", ["?", "i1", "i4", "u2", "i8", "f4", "f8", ">f8", "c16"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 1)])
def test_arrays_come_back_with_shape_and_numbers(kind, shape):
    array = np.asarray(1.5 * np.arange(math.prod(shape)).reshape(shape)).astype(kind)
    there = across(array)
    assert there.shape == array.shape
    np.testing.assert_array_equal(there, array)
    there.flat[:] = 0  # may be written to


def test_scalars_and_subclasses_become_plain():
    class Sly(float):
        def __eq__(self, other):
            return True

        __hash__ = float.__hash__

    assert type(across(Sly(2.0))) is float
    assert type(across(np.float32(0.5))) is float
    assert across(1 + 2j) == 1 + 2j
    assert across((1, 2)) == [1, 2]


REFUSED = [object(), {1: 2}, {1, 2}, b"x", lambda: 0, np.array([None]), np.array(["a"]), 2**63, range(3)]


@pytest.mark.parametrize("value", [*REFUSED, [[[[[[[[[1]]]]]]]]]])
def test_other_values_are_refused(value):
    with pytest.raises(wire.WireError):
        across(value)


@pytest.mark.parametrize(
    "raw",
    [
        {"array": [2], "type": "|O", "data": "AAAAAAAAAAA="},
        {"array": [2], "type": "<f8", "data": "AAAAAAAAAAA="},
        {"array": [-1], "type": "<f8", "data": ""},
        {"array": [10**9, 10**9, 10**9], "type": "<f8", "data": ""},
        {"array": [True], "type": "<f8", "data": "AAAAAAAAAAA="},
        {"array": [1], "type": "<f8", "data": "not base64"},
        {"array": [0, 2**31 - 1, 2**31 - 1], "type": "<f8", "data": ""},
        {"array": [1], "type": ["<f8"], "data": ""},
        {"array": [1] * 40, "type": "<f8", "data": "AAAAAAAAAAA="},
        {"dict": [[1, 2]]},
        {"dict": [["a"]]},
        {"dict": {}},
        {"complex": [1, 2]},
        {"complex": [1.0]},
        {"a": 1},
        {},
        [0] * (wire.COUNT + 1),
        [[[[[[[[[[[[[1]]]]]]]]]]]]],
    ],
)
def test_forged_values_are_refused(raw):
    with pytest.raises(wire.WireError):
        wire.decode(raw)


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"1", b"{", b'{"a": ' + b"9" * 5000 + b"}", b"[" * 10**6, b"\xff", json.dumps("x").encode()]
)
def test_lines_that_are_no_messages_are_refused(line):
    with pytest.raises(wire.WireError):
        wire.from_line(line)
