"""One folder, one number format: recorded, kept, and refused where it cannot be kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.run_format import FILE, format_of_run, recorded_format
from lexgraft.models import number_format

Gain = Callable[[float], None]


@pytest.fixture
def gain(monkeypatch: pytest.MonkeyPatch) -> Gain:
    """Return what pretends that this machine's `mixed` is so many times as fast."""
    return lambda times: monkeypatch.setattr(number_format, "mixed_gain", lambda: times)


def test_a_resumed_run_keeps_its_format_on_another_machine(tmp_path: Path, gain: Gain) -> None:
    gain(4.0)
    assert format_of_run("auto", tmp_path) == "mixed"
    gain(1.1)  # slower here, but computed
    assert format_of_run("auto", tmp_path) == "mixed"
    other = tmp_path / "other"
    gain(0.0)
    assert format_of_run("auto", other) == "float32"
    gain(4.0)
    assert format_of_run("auto", other) == "float32"


def test_a_run_in_mixed_is_refused_where_mixed_cannot_be_computed(
    tmp_path: Path, gain: Gain
) -> None:
    gain(4.0)
    format_of_run("auto", tmp_path)
    gain(0.0)
    with pytest.raises(LexgraftError, match="computed in `mixed`, which this machine") as refused:
        format_of_run("auto", tmp_path)
    assert "another output" in refused.value.cure


def test_another_format_in_the_same_folder_is_refused_with_the_way_out(tmp_path: Path) -> None:
    assert format_of_run("float32", tmp_path) == "float32"
    with pytest.raises(LexgraftError, match="`float32`, and `mixed` is asked for") as refused:
        format_of_run("mixed", tmp_path)
    assert "another output" in refused.value.cure
    assert recorded_format(tmp_path) == "float32"


def test_a_folder_from_before_formats_were_recorded_is_float32(tmp_path: Path, gain: Gain) -> None:
    gain(4.0)
    assert recorded_format(tmp_path) is None
    (tmp_path / "answers").mkdir()
    assert format_of_run("auto", tmp_path) == "float32"


def test_a_damaged_record_is_refused_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"dtype": "float8"}')
    with pytest.raises(LexgraftError, match="not a record of a number format"):
        recorded_format(tmp_path)
