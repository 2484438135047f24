"""Files made to harm: refused in a moment, by name, whatever is in them."""

import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import INDEX
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS, TensorEntry, read_header

LIMITED = """
import resource, sys, time
from pathlib import Path
from lexgraft.weights.checkpoint.safetensors_header import read_header
from lexgraft.errors import LexgraftError
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    read_header(Path(sys.argv[1]), 1 << 30)
except LexgraftError as error:
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(time.process_time() - start, (after - before) / 1024, error)
"""


def write_file(path: Path, header: bytes, data: bytes = b"") -> Path:
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    return path


@pytest.mark.slow
def test_a_million_empty_tensors_are_refused_in_a_second_and_100_mb(tmp_path: Path) -> None:
    one = '"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    header = ("{" + ",".join(one % n for n in range(1_000_000)) + "}").encode()
    path = write_file(tmp_path / "x.safetensors", header)
    command = [sys.executable, "-c", LIMITED, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, megabytes, *said = done.stdout.split(" ", 2)
    assert float(seconds) < 1
    assert float(megabytes) < 100
    assert "more than 200,000 tensors" in said[0]


def test_tensors_hidden_from_counting_are_counted_after_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lexgraft.weights.checkpoint import safetensors_header as header

    monkeypatch.setattr(header, "TENSOR_LIMIT", 10)
    one = r'"%d":{"dtype":"F32","shape":[0],"data\u005foffsets":[0,0]}'
    text = "{" + ",".join(one % n for n in range(11)) + "}"
    with pytest.raises(LexgraftError, match="more than 10 tensors"):
        read_header(write_file(tmp_path / "x.safetensors", text.encode()))


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "a\nb", "../../x", "x" * 1_000_000, ""])
def test_hostile_names_in_an_index_are_shown_escaped_and_cut(tmp_path: Path, name: str) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / "one.safetensors")
    weight_map = {"a": "one.safetensors", name: "one.safetensors"}
    (tmp_path / INDEX).write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(LexgraftError, match="in no shard") as caught:
        open_checkpoint(tmp_path)
    assert str(caught.value).isprintable() or "\x1b" not in str(caught.value)
    assert "\nb" not in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("mode", [stat.S_IFCHR, stat.S_IFBLK])
def test_a_device_is_not_a_shard(tmp_path: Path, mode: int) -> None:
    try:
        os.mknod(tmp_path / "model.safetensors", 0o600 | mode, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("no right to make a device here")
    with pytest.raises(LexgraftError, match="not a regular file"):
        open_checkpoint(tmp_path)


def test_a_wrong_total_size_is_no_reason_to_refuse(tmp_path: Path) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / "one.safetensors")
    index = {"metadata": {"total_size": -5}, "weight_map": {"a": "one.safetensors"}}
    (tmp_path / INDEX).write_text(json.dumps(index))
    assert list(open_checkpoint(tmp_path).tensors) == ["a"]


@pytest.mark.parametrize("dtype", ["F4", "F6_E2M3", "F8_E4M3FNUZ", "C64", "U16", "bf16"])
def test_an_unknown_dtype_is_refused_with_the_known_ones(tmp_path: Path, dtype: str) -> None:
    fields = {"a": {"dtype": dtype, "shape": [8], "data_offsets": [0, 8]}}
    path = write_file(tmp_path / "x.safetensors", json.dumps(fields).encode(), bytes(8))
    with pytest.raises(LexgraftError, match=f"known: {', '.join(WIDTHS)}"):
        read_header(path)


def test_refusing_leaves_nothing_open(tmp_path: Path) -> None:
    path = write_file(tmp_path / "x.safetensors", b"[1]")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with pytest.raises(LexgraftError):
            read_header(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > before


numbers = st.one_of(
    st.integers(-2, 12), st.integers(1 << 31, 1 << 66), st.floats(), st.booleans(), st.none()
)
entries = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from([*WIDTHS, "F8_E4M3", "", "f32"]) | numbers,
        "shape": st.lists(numbers, max_size=10),
        "data_offsets": st.lists(numbers, max_size=3),
        "more": numbers,
    },
)
good = st.integers(0, 3).map(lambda n: {"dtype": "U8", "shape": [n], "data_offsets": [0, n]})
names = st.sampled_from(["a", "b.c", "__metadata__", "../x", "", "\0", "é", "a" * 600])
json_like: st.SearchStrategy[Any] = st.dictionaries(names, entries | good | numbers, max_size=4)


def check_header(path: Path) -> None:
    """The header is refused, or its tensors tile the file and the library agrees."""
    try:
        found = read_header(path)
    except LexgraftError as error:
        refusal = str(error)
    else:
        check_tiles(path, found)
        return
    assert str(path) in refusal
    assert len(refusal) < 1000


def check_tiles(path: Path, found: list[TensorEntry]) -> None:
    size = path.stat().st_size
    at = size - sum(entry.end - entry.start for entry in found)
    for entry in found:
        assert entry.start == at
        assert entry.end - entry.start == entry.size * WIDTHS[entry.dtype]
        at = entry.end
    assert at == size
    try:
        with safe_open(path, "pt") as opened:
            assert sorted(opened.keys()) == sorted(entry.name for entry in found)
    except SafetensorError as error:  # stricter only in how it counts
        raise AssertionError(f"the library refuses it: {error}") from error


@settings(max_examples=60)
@given(fields=json_like, data=st.binary(max_size=12), cut=st.integers(0, 3))
def test_any_header_is_refused_or_tiles_its_file(
    tmp_path_factory: pytest.TempPathFactory, fields: Any, data: bytes, cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.safetensors"
    text = json.dumps(fields).encode()
    check_header(write_file(path, text[: len(text) - cut], data))


@settings(max_examples=60)
@given(
    flips=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4),
    keep=st.integers(0, 400) | st.none(),
)
def test_any_damage_to_a_file_is_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]], keep: int | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    save_file({"a": torch.ones(3), "b.weight": torch.zeros(2, 2).bfloat16()}, path)
    content = bytearray(path.read_bytes())
    for at, value in flips:
        content[at % len(content)] = value
    path.write_bytes(content[:keep])
    check_header(path)


@settings(max_examples=40)
@given(
    index=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("m.safetensors"),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["weight_map", "metadata", "a", "b"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
def test_any_index_is_refused_or_says_where_every_tensor_is(
    tmp_path_factory: pytest.TempPathFactory, index: Any
) -> None:
    folder = tmp_path_factory.getbasetemp() / "indexed"
    folder.mkdir(exist_ok=True)
    if not (folder / "m.safetensors").exists():
        save_file({"a": torch.ones(1)}, folder / "m.safetensors")
    (folder / INDEX).write_text(json.dumps(index))
    try:
        found = open_checkpoint(folder)
    except LexgraftError as error:
        refusal = str(error)
    else:
        assert index["weight_map"] == {"a": "m.safetensors"}
        assert list(found.tensors) == ["a"]
        return
    assert str(folder) in refusal
