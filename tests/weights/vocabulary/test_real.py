"""The real Gemma 3 tokenizer, where the example's data is there."""

import json
from pathlib import Path

import pytest

from lexgraft.weights.vocabulary.expansion_plan import (
    ExpansionRequest,
    ExpansionSettings,
    plan_vocabulary,
)

ROOT = Path(__file__).resolve().parents[3]
GEMMA = ROOT / ".cache" / "models" / "gemma-3-270m"
DATA = ROOT / ".cache" / "medical-ja"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not (DATA / "train.jsonl").exists(), reason="the example is not prepared"),
]


def rows(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def test_gemma_takes_japanese_medical_terms_and_cuts_general_text_as_before():
    terms = [
        ("ja", str(term["text"]))
        for row in rows("terms.jsonl")
        for term in row["terms"]  # pyright: ignore[reportGeneralTypeIssues]
        if term["language"] == "ja"
    ]
    general = [str(row["text"]) for row in rows("train.jsonl")]
    report = plan_vocabulary(
        ExpansionRequest(GEMMA, terms, general=general, settings=ExpansionSettings(20_000))
    ).report
    assert report.produced_alone == report.words > 800
    assert report.round_trips == report.terms
    assert report.general is not None
    assert report.general.changed_elsewhere == report.general.stray_steps == 0
    assert report.tokens_per_term["ja"].after < 1.5
    assert report.tokens_per_term["ja"].before > 4
