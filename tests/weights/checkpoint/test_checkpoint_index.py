"""Headers that are fine, and headers that are not."""

import json
import os
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.safetensors_header import HEADER_LIMIT, read_header


def write_file(path: Path, header: object, data: bytes = b"", length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def tensor(
    shape: Sequence[object] = (2,),
    start: float = 0,
    end: float = 8,
    dtype: str = "F32",
    **more: object,
) -> dict[str, object]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end], **more}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tensors = {"b.weight": torch.arange(6.0).view(2, 3), "a": torch.ones(4, dtype=torch.bfloat16)}
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


def test_lists_tensors_by_name_with_their_places(folder: Path) -> None:
    checkpoint = open_checkpoint(folder)
    assert list(checkpoint.tensors) == ["a", "b.weight"]
    entry = checkpoint.tensors["b.weight"]
    assert (entry.dtype, entry.shape, entry.size) == ("F32", (2, 3), 6)
    data = (folder / "model.safetensors").read_bytes()[entry.start : entry.end]
    assert data == struct.pack("<6f", *range(6))


def test_the_digest_follows_weights_configuration_and_tokenizer(folder: Path) -> None:
    first = open_checkpoint(folder).digest
    assert open_checkpoint(folder).digest == first
    (folder / "README.md").write_text("not part of the model")
    assert open_checkpoint(folder).digest == first
    (folder / "tokenizer.json").write_text("{}")
    second = open_checkpoint(folder).digest
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    assert len({first, second, open_checkpoint(folder).digest}) == 3


def test_the_same_files_elsewhere_have_the_same_digest(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in ("model.safetensors", "config.json"):
        (other / name).write_bytes((folder / name).read_bytes())
    assert open_checkpoint(other).digest == open_checkpoint(folder).digest


@pytest.mark.parametrize(
    ("header", "data", "why"),
    [
        (b"", b"", "truncated"),
        (b"\xff\xfe{}", b"", "not the JSON"),
        (b"\xef\xbb\xbf{}", b"", "not the JSON"),
        (b"[1]", b"", "object"),
        (b"[" * 200_000, b"", "nested"),
        (b'{"a":' * 100_000, b"", "nested"),
        (b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', bytes(8), "NaN"),
        (b'{"a":{"dtype":"F32","shape":[' + b"9" * 10_000 + b'],"data_offsets":[0,8]}}', b"", "J"),
        (b'{"a":1,"a":2}', b"", "occurs twice"),
        (b'{"a":{"dtype":"F32","dtype":"F16","shape":[],"data_offsets":[0,4]}}', b"", "twice"),
        ({"a": tensor(start=-8, end=0)}, bytes(8), "improper numbers"),
        ({"a": tensor(start=0.0, end=8.0)}, bytes(8), "improper numbers"),
        ({"a": tensor(shape=(True, 2))}, bytes(8), "improper numbers"),
        ({"a": tensor(shape=("2",))}, bytes(8), "improper numbers"),
        ({"a": tensor(extra=1)}, bytes(8), "unknown keys"),
        ({"a": {"dtype": "F32"}}, bytes(8), "no proper"),
        ({"a": 5}, bytes(8), "no proper"),
        ({"a": tensor(), "b": tensor(start=4, end=12)}, bytes(12), "overlaps"),
        ({"a": tensor(), "b": tensor()}, bytes(8), "overlaps"),
        ({"a": tensor(), "b": tensor(start=12, end=20)}, bytes(20), "hole"),
        ({"a": tensor()}, bytes(9), "ends at byte"),
        ({"a": tensor()}, bytes(7), "ends at byte"),
        ({"a": tensor(start=8, end=0)}, bytes(8), "size"),
        ({"a": tensor(shape=(3,))}, bytes(8), "size"),
        ({"a": tensor(shape=(1 << 31, 1 << 33))}, bytes(8), "vast"),
        ({"a": tensor(shape=(0, 1 << 62), end=0)}, b"", "improper numbers"),
        ({"a": tensor(shape=(0, 1 << 61, 2), end=0)}, b"", "vast"),
        ({"a": tensor(shape=(1,) * 9, end=4)}, bytes(4), "dimensions"),
        ({"a": tensor(dtype="F4", end=2)}, bytes(2), "known: F64"),
        ({"a": tensor(dtype="C64", end=16)}, bytes(16), "known: F64"),
        ({"__metadata__": {"format": 1}}, b"", "__metadata__"),
        ({"__metadata__": []}, b"", "__metadata__"),
        ({"__metadata__": {"format": "pt"}, "": tensor()}, bytes(8), "name"),
        ({"../../etc/x": tensor()}, bytes(8), "name"),
        ({"/etc/x": tensor()}, bytes(8), "name"),
        ({"a\0b": tensor()}, bytes(8), "name"),
        ({"a\nb": tensor()}, bytes(8), "name"),
        ({"\x1b[31mred": tensor()}, bytes(8), "name"),
        ({"x" * 513: tensor()}, bytes(8), "name"),
        ({"x" * 1_000_000: tensor()}, bytes(8), "name"),
    ],
)
def test_a_broken_header_is_refused(tmp_path: Path, header: object, data: bytes, why: str) -> None:
    path = write_file(tmp_path / "model.safetensors", header, data)
    with pytest.raises(LexgraftError, match=why) as caught:
        read_header(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("length", [0, 1, 1 << 20, HEADER_LIMIT + 1, (1 << 64) - 1])
def test_a_length_that_cannot_be_is_refused_before_reading_it(tmp_path: Path, length: int) -> None:
    with pytest.raises(LexgraftError, match="refused"):
        read_header(write_file(tmp_path / "x.safetensors", b"{}", length=length))


def test_a_header_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = write_file(tmp_path / "x.safetensors", b"{}".ljust(HEADER_LIMIT + 1))
    with pytest.raises(LexgraftError, match="over the limit"):
        read_header(path)
    assert read_header(path, limit=HEADER_LIMIT + 2) == []


@pytest.mark.parametrize("data", [b"", b"1234567", b"\2\0\0\0\0\0\0\0"])
def test_a_stump_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(data)
    with pytest.raises(LexgraftError, match="truncated"):
        read_header(path)


def test_too_many_tensors_are_refused_without_parsing(tmp_path: Path) -> None:
    text = b"{" + b'"data_offsets":0,' * 200_001 + b"}"
    with pytest.raises(LexgraftError, match="more than 200,000"):
        read_header(write_file(tmp_path / "x.safetensors", text))


def shards(folder: Path, weight_map: object, **files: dict[str, torch.Tensor]) -> Path:
    for name, tensors in files.items():
        save_file(tensors, folder / f"{name}.safetensors")
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def test_shards_are_joined_by_the_index(tmp_path: Path) -> None:
    weight_map = {"b": "one.safetensors", "a": "two.safetensors"}
    shards(tmp_path, weight_map, one={"b": torch.ones(1)}, two={"a": torch.ones(2)})
    assert {e.name: e.file.name for e in open_checkpoint(tmp_path).tensors.values()} == {
        "a": "two.safetensors",
        "b": "one.safetensors",
    }


@pytest.mark.parametrize(
    ("weight_map", "why"),
    [
        ({"a": "../one.safetensors"}, "plain name"),
        ({"a": "/etc/passwd"}, "plain name"),
        ({"a": ".one.safetensors"}, "plain name"),
        ({"a": "one.bin"}, "plain name"),
        ({"a": 1}, "plain name"),
        ({}, "weight_map"),
        ([], "weight_map"),
        ({"a": "one.safetensors", "c": "one.safetensors"}, "'c' is in the index but in no shard"),
        ({"b": "one.safetensors"}, "`a` is not where"),
        ({"a": "one.safetensors", "z": "gone.safetensors"}, "a file is missing"),
        ({"a": "one.safetensors", "b": "two.safetensors"}, "not where|two shards"),
    ],
)
def test_an_index_that_is_wrong_is_refused(tmp_path: Path, weight_map: object, why: str) -> None:
    two = {"a": torch.ones(1), "b": torch.ones(1)}
    shards(tmp_path, weight_map, one={"a": torch.ones(1)}, two=two)
    with pytest.raises(LexgraftError, match=why):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize("kind", ["fifo", "folder", "link"])
def test_a_shard_must_be_a_regular_file_in_the_folder(tmp_path: Path, kind: str) -> None:
    shard = tmp_path / "one.safetensors"
    shards(tmp_path, {"a": shard.name})
    if kind == "fifo":
        os.mkfifo(shard)
    elif kind == "folder":
        shard.mkdir()
    else:
        shard.symlink_to("/dev/zero")
    with pytest.raises(LexgraftError, match=r"regular file|link that leaves"):
        open_checkpoint(tmp_path)


def test_the_hub_caches_own_links_are_followed(tmp_path: Path) -> None:
    blob = tmp_path / "blobs" / ("0" * 64)
    blob.parent.mkdir()
    save_file({"a": torch.ones(1)}, blob)
    snapshot = tmp_path / "snapshots" / "main"
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").symlink_to(f"../../blobs/{blob.name}")
    assert list(open_checkpoint(snapshot).tensors) == ["a"]


def test_a_stale_index_beside_a_single_file_is_refused(folder: Path) -> None:
    index = {"weight_map": {"a": "other.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(LexgraftError, match="stale"):
        open_checkpoint(folder)


def test_an_index_of_the_single_file_is_no_second_model(folder: Path) -> None:
    plain = open_checkpoint(folder)
    index = {"weight_map": dict.fromkeys(plain.tensors, "model.safetensors")}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert open_checkpoint(folder) == plain


@pytest.mark.parametrize(
    "stem", ["model", "model.safetensors", "pytorch_model", "model.fp16", "weights_new"]
)
def test_shards_of_any_name_are_read_with_an_index_and_as_a_complete_set(
    tmp_path: Path, stem: str
) -> None:
    names = [f"{stem}-{number:05d}-of-00002.safetensors" for number in (1, 2)]
    for name, tensor in zip(names, "ab", strict=True):
        save_file({tensor: torch.ones(1)}, tmp_path / name)
    assert list(open_checkpoint(tmp_path).tensors) == ["a", "b"]
    index = {"weight_map": dict(zip("ab", names, strict=True))}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert list(open_checkpoint(tmp_path).tensors) == ["a", "b"]
    (tmp_path / "model.safetensors.index.json").unlink()
    (tmp_path / names[0]).unlink()
    with pytest.raises(LexgraftError, match="no complete set"):
        open_checkpoint(tmp_path)


def test_a_single_file_of_another_name_is_named(tmp_path: Path) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / "consolidated.safetensors")
    with pytest.raises(LexgraftError, match=r"'consolidated\.safetensors' is none of"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("file", "cure"),
    [
        ("pytorch_model.bin", "pickle"),
        ("adapter_model.safetensors", "whole model"),
        ("model.gguf", "quantised"),
        ("README.md", "is needed"),
    ],
)
def test_a_folder_in_another_format_says_what_to_do(tmp_path: Path, file: str, cure: str) -> None:
    (tmp_path / file).touch()
    with pytest.raises(LexgraftError, match=cure):
        open_checkpoint(tmp_path)


def test_a_missing_folder_is_named_and_a_hub_name_gets_its_command(tmp_path: Path) -> None:
    with pytest.raises(LexgraftError, match="no such folder") as caught:
        open_checkpoint(tmp_path / "gone")
    assert str(tmp_path / "gone") in str(caught.value)
    with pytest.raises(LexgraftError, match="hf download google/gemma-3-270m"):
        open_checkpoint(Path("google/gemma-3-270m"))


def test_a_change_while_in_use_is_noticed(folder: Path) -> None:
    checkpoint = open_checkpoint(folder)
    checkpoint.check_unchanged()
    os.utime(folder / "model.safetensors", ns=(1, 1))
    with pytest.raises(LexgraftError, match="changed while it was in use"):
        checkpoint.check_unchanged()
