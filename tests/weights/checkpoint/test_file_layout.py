import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from lexgraft.weights.checkpoint.file_layout import plan_layout
from lexgraft.weights.checkpoint.safetensors_header import read_header

TENSORS = [("b", "F32", (2, 2)), ("a", "BF16", (3,)), ("c", "F32", ())]


def test_one_file_holds_all_with_wide_numbers_first_and_data_at_a_page() -> None:
    layout = plan_layout(TENSORS)
    assert layout.sizes == {"model.safetensors": 4096 + 16 + 4 + 6}
    assert {name: slot.offset for name, slot in layout.slots.items()} == {
        "a": 4096 + 20,
        "b": 4096,
        "c": 4096 + 16,
    }
    assert layout.index() is None


def test_shards_are_filled_in_the_order_of_names() -> None:
    layout = plan_layout(TENSORS, shard_limit=16)
    assert {name: slot.file for name, slot in layout.slots.items()} == {
        "a": "model-00001-of-00003.safetensors",
        "b": "model-00002-of-00003.safetensors",
        "c": "model-00003-of-00003.safetensors",
    }
    index = layout.index()
    assert index is not None
    assert json.loads(index)["metadata"] == {"total_size": 26}


shapes = st.lists(st.integers(0, 5), max_size=3).map(tuple)


@settings(deadline=None, max_examples=30)
@given(
    specs=st.dictionaries(
        st.text("abc.", min_size=1, max_size=4).filter(lambda n: ".." not in n),
        st.tuples(st.sampled_from(["F32", "BF16", "U8", "I64"]), shapes),
        min_size=1,
        max_size=8,
    ),
    limit=st.integers(1, 400),
)
def test_every_layout_is_a_file_that_the_library_and_the_index_read(
    tmp_path_factory: pytest.TempPathFactory,
    specs: dict[str, tuple[str, tuple[int, ...]]],
    limit: int,
) -> None:
    folder = tmp_path_factory.mktemp("layout")
    layout = plan_layout([(name, *spec) for name, spec in specs.items()], limit)
    for file, header in layout.headers.items():
        (folder / file).write_bytes(header.ljust(layout.sizes[file], b"\0"))
        for entry in read_header(folder / file):
            slot = layout.slots[entry.name]
            assert (slot.file, slot.offset, slot.length) == (
                file,
                entry.start,
                entry.end - entry.start,
            )
            assert (entry.dtype, entry.shape) == specs[entry.name]
        with safe_open(folder / file, framework="pt") as opened:
            for name in opened.keys():  # noqa: SIM118 (not a mapping)
                assert torch.count_nonzero(opened.get_tensor(name)) == 0
    assert sorted(layout.slots) == sorted(specs)
