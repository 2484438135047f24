"""Every method on a real model: Gemma 3 270M and the example's two adapters."""

from functools import cache
from pathlib import Path

import pytest
import torch

from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import plan_merge
from lexgraft.weights.methods import METHODS

ROOT = Path(__file__).resolve().parents[3]
GEMMA = ROOT / ".cache" / "models" / "gemma-3-270m"
ADAPTERS = ROOT / "examples" / "medical-ja" / "constituents"
TEXT = "高血圧 (hypertension) とは、血圧が"


@cache
def base_logits() -> torch.Tensor:
    return logits(GEMMA)


def logits(folder: Path) -> torch.Tensor:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(folder)(TEXT, return_tensors="pt")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    with torch.inference_mode():
        return model(**tokens).logits.float()


@pytest.mark.real
@pytest.mark.parametrize("method", list(METHODS))
def test_gemma_with_two_adapters_gives_finite_logits_of_its_own(
    tmp_path: Path, method: str
) -> None:
    base = open_checkpoint(GEMMA)
    folders = {
        "language": ADAPTERS / "language-ja",
        "domain": ADAPTERS / "domain-medical-en",
    }
    parts = {
        label: open_input_model(folder, base, label)
        for label, folder in list(folders.items())[: METHODS[method].models[1]]
    }
    plan = plan_merge(Candidate(method), base, parts, "bfloat16", 1)
    manifest = run_merge(plan, tmp_path / "out")
    assert manifest.changed
    assert not manifest.nonfinite
    found = logits(tmp_path / "out")
    assert found.isfinite().all()
    assert not torch.equal(found, base_logits())
