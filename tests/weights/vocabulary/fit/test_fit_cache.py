"""What a fit keeps is what it finds again; what is not as it was kept is named."""

from pathlib import Path

import pytest
import torch

from lexgraft.errors import LexgraftError
from lexgraft.weights.vocabulary.fit.fit_cache import FitCache


def test_tensors_and_texts_are_found_again_and_changed_ones_are_named(tmp_path: Path) -> None:
    kept = FitCache(tmp_path / "grown", "key")
    kept.keep("rows", {"a": torch.arange(3.0)})
    kept.keep_texts("texts", ["心臓", "heart"])
    assert kept.tensors("rows")["a"].tolist() == [0.0, 1.0, 2.0]
    assert kept.texts("texts") == ["心臓", "heart"]
    for name, read in (("rows.safetensors", kept.tensors), ("texts.json", kept.texts)):
        file = tmp_path / "grown.fit" / "key" / name
        for harm in (b"", file.read_bytes()[:-1], b"x" + file.read_bytes()[1:]):
            file.write_bytes(harm)
            with pytest.raises(LexgraftError, match=rf"{name}: not as it was written"):
                read(name.partition(".")[0])
