"""One folder, one number format: recorded, kept, and refused where it cannot be kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.run_format import FILE, RunFormat, computation_of_run, recorded_format
from lexgraft.models import AskedFormat, number_format

Gain = Callable[[float], None]


def computed(folder: Path, dtype: AskedFormat = "auto", device: str = "cpu") -> str:
    """Return the format that a folder is computed in."""
    return computation_of_run(device, dtype, folder).dtype


@pytest.fixture
def gain(monkeypatch: pytest.MonkeyPatch) -> Gain:
    """Return what pretends that this machine's `mixed` is so many times as fast."""
    return lambda times: monkeypatch.setattr(number_format, "mixed_gain", lambda: times)


def test_a_resumed_run_keeps_its_format_on_another_machine(tmp_path: Path, gain: Gain) -> None:
    gain(4.0)
    assert computed(tmp_path, "auto") == "mixed"
    gain(1.1)  # slower here, but computed
    assert computed(tmp_path, "auto") == "mixed"
    other = tmp_path / "other"
    gain(0.0)
    assert computed(other, "auto") == "float32"
    gain(4.0)
    assert computed(other, "auto") == "float32"


def test_a_run_in_mixed_is_refused_where_mixed_cannot_be_computed(
    tmp_path: Path, gain: Gain
) -> None:
    gain(4.0)
    computed(tmp_path, "auto")
    gain(0.0)
    with pytest.raises(LexgraftError, match="computed in `mixed`, which this machine") as refused:
        computed(tmp_path, "auto")
    assert "another output" in refused.value.cure


def test_another_format_in_the_same_folder_is_refused_with_the_way_out(tmp_path: Path) -> None:
    assert computed(tmp_path, "float32") == "float32"
    with pytest.raises(LexgraftError, match="`float32`, and `mixed` is asked for") as refused:
        computed(tmp_path, "mixed")
    assert "another output" in refused.value.cure
    assert recorded_format(tmp_path) == RunFormat("float32")


def test_a_folder_from_before_formats_were_recorded_is_float32(tmp_path: Path, gain: Gain) -> None:
    gain(4.0)
    assert recorded_format(tmp_path) is None
    (tmp_path / "answers").mkdir()
    assert computed(tmp_path, "auto") == "float32"


def test_a_damaged_record_is_refused_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"dtype": "float8"}')
    with pytest.raises(LexgraftError, match="not a record of a number format"):
        recorded_format(tmp_path)


def test_a_processor_leaves_the_record_as_it_was_before_there_were_devices(tmp_path: Path) -> None:
    computed(tmp_path, "float32", "auto")
    assert (tmp_path / FILE).read_text() == '{"dtype":"float32"}'
    assert str(RunFormat("bfloat16", "cuda")) == "bfloat16 on cuda"


def test_answers_of_another_kind_of_device_are_never_put_beside_these(tmp_path: Path) -> None:
    computed(tmp_path, "float32")
    with pytest.raises(LexgraftError, match="computed on `cpu`, and `cuda:1` is asked") as refused:
        computed(tmp_path, device="cuda:1")
    assert "another output" in refused.value.cure
    (tmp_path / FILE).write_text('{"dtype":"bfloat16","device":"cuda"}')
    with pytest.raises(LexgraftError, match="in `bfloat16 on cuda`, which this machine cannot"):
        computed(tmp_path, device="auto")
