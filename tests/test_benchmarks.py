"""The benchmarks' own arithmetic; what they measure is reported, not asserted."""

import importlib
import json

import pytest

from benchmarks import __main__ as bench
from benchmarks.build_times import edit_code
from benchmarks.rows import Row, alternate, in_turn, quantile, table


def test_quantile_is_the_smallest_value_not_exceeded_by_too_many():
    values = [float(n) for n in range(1, 101)]
    assert quantile(values, 0.5) == 50
    assert quantile(values, 0.95) == 95
    assert quantile([3.0], 0.95) == 3


def test_both_sides_run_equally_often():
    calls = []
    alternate(lambda: calls.append("a"), lambda: calls.append("b"), repeats=2)
    assert calls == ["a", "b"] * 3


def test_many_calls_run_round_after_round():
    calls = []
    best = in_turn([lambda: calls.append("a"), lambda: calls.append("b"), lambda: calls.append("c")], repeats=2)
    assert calls == ["a", "b", "c"] * 3
    assert len(best) == 3


def test_every_row_stands_in_the_table():
    text = table([Row("build", "cold", 12.0, "s", "480"), Row("draws", "ratio", 1.25, "x")])
    assert len(text.splitlines()) == 4
    assert "12 s  480" in text
    assert "1.25 x" in text


@pytest.mark.parametrize("topic", bench.TOPICS)
def test_each_topic_can_be_measured(topic):
    assert callable(importlib.import_module(f"benchmarks.{topic}").measure)


def test_what_cannot_be_measured_is_said(monkeypatch, tmp_path, capsys):
    class Broken:
        @staticmethod
        def measure():
            raise RuntimeError("no chromium")

    monkeypatch.setattr(bench, "TARGET", tmp_path / "bench.json")
    monkeypatch.setattr(bench.importlib, "import_module", lambda name: Broken)
    assert bench.main(["draws"]) == 1
    assert "not measured: draws: no chromium" in capsys.readouterr().out
    assert json.loads((tmp_path / "bench.json").read_text())["not_measured"] == {"draws": "no chromium"}


def test_the_edit_lands_in_the_last_code_cell(tmp_path):
    chapter = tmp_path / "01.md"
    chapter.write_text("# A\n\n```{code-cell}\nx = 1\n```\n\ntext\n\n```{code-cell}\n:tags: [a]\n\ny = 2\n```\n\nend\n")
    edit_code(chapter)
    assert chapter.read_text().endswith("y = 2\n# touched\n```\n\nend\n")
