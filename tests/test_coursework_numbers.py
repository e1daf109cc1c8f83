"""Every student's own numbers: the same each time, others for each other, inside what the chapter allows."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booktools.coursework.numbers import NumbersError, check_rng, numbers_for

SPEC = {"alpha": [0.1, 0.4], "rounds": [3, 9], "law": 3}


def test_the_recipe_is_the_stated_one():
    """HMAC-SHA-256 of student, chapter and name, by hand: a release that changed it would change every course."""
    message = b"s01\x1f04\x1falpha"
    value = int.from_bytes(hmac.new(b"the secret", message, hashlib.sha256).digest(), "big")
    expected = (1000 + value % 3001) / 10_000
    assert numbers_for({"alpha": [0.1, 0.4]}, b"the secret", "s01", "04") == {"alpha": expected}


@given(student=st.text(min_size=1, max_size=20), secret=st.binary(min_size=16, max_size=40))
def test_numbers_keep_to_the_ranges(student, secret):
    numbers = numbers_for(SPEC, secret, student, "04")
    law = numbers["law"]
    assert 0.1 <= numbers["alpha"] <= 0.4
    assert round(numbers["alpha"], 4) == numbers["alpha"]
    assert numbers["rounds"] in range(3, 10)
    assert len(law["weights"]) == len(law["means"]) == len(law["variances"]) == 3
    assert sum(law["weights"]) == pytest.approx(1, abs=1e-12)
    assert min(law["weights"]) > 0.08  # half a share beside two of two shares: .5/4.5, less the rounding
    assert all(-2 <= mean <= 2 for mean in law["means"])
    assert all(0.05 <= variance <= 0.6 for variance in law["variances"])


def test_the_same_student_gets_the_same_and_others_get_others():
    everyone = [repr(numbers_for(SPEC, b"one secret only", f"s{n}", "04")) for n in range(300)]
    assert len(set(everyone)) == 300
    assert everyone[7] == repr(numbers_for(SPEC, b"one secret only", "s7", "04"))
    assert everyone[7] != repr(numbers_for(SPEC, b"other secret!!!", "s7", "04"))
    assert everyone[7] != repr(numbers_for(SPEC, b"one secret only", "s7", "05"))


def test_both_ends_of_an_integer_range_are_drawn():
    drawn = {numbers_for({"n": [3, 5]}, b"secret", str(k), "04")["n"] for k in range(60)}
    assert drawn == {3, 4, 5}


def test_generators_of_checks_differ_by_student_and_question():
    draws = [check_rng(b"s", student, question).random() for student in "ab" for question in "xy"]
    assert len(set(draws)) == 4
    assert draws[0] == check_rng(b"s", "a", "x").random()


@pytest.mark.parametrize("bad", [[0.4, 0.1], [1], ["a", "b"], "0.1", 0, 11, True, None])
def test_a_line_that_cannot_be_used_is_named(bad):
    with pytest.raises(NumbersError, match="numbers: alpha"):
        numbers_for({"alpha": bad}, b"secret", "s", "04")
