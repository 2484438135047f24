"""The model card says what went in, what came out and what may be done with it."""

import re
from collections.abc import Callable

import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lexgraft.adoption.report.model_card import model_card, notice
from lexgraft.adoption.report.report_record import Parent, Report

SameAsGolden = Callable[[str, bytes], None]

HOSTILE = 'x"\n---\n# a\\ `b` | <script> \x85\u2028 𠮟'


def _metadata(card: str) -> dict[str, object]:
    start, metadata, _ = card.split("---\n", 2)
    assert start == ""
    return yaml.safe_load(metadata)


def test_the_card_is_as_it_was(report: Report, same_as_golden: SameAsGolden):
    same_as_golden("README.md", model_card(report).encode())


def test_the_notice_is_as_it_was(report: Report, same_as_golden: SameAsGolden):
    same_as_golden("NOTICE", notice(report).encode())


def test_a_model_hub_can_read_the_metadata(report: Report):
    assert _metadata(model_card(report)) == {
        "base_model": ["google/gemma-3-270m", "language-ja", "domain-medical-en"],
        "base_model_relation": "merge",
        "language": ["ja", "en"],
        "license": "gemma",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["merge", "lexgraft"],
    }


def test_paths_of_this_machine_stay_here(report: Report):
    assert "/srv/models" not in model_card(report)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_name_breaks_out_of_the_metadata(name: str):
    parent = Parent("base", name or "x", "0", "MIT")
    card = model_card(Report("p", "0", "ja", "en", {}, result="", parents=(parent,)))
    assert _metadata(card)["base_model"] == [name or "x"]


def test_no_name_breaks_out_of_text_or_table(report: Report):
    parent = Parent("base", HOSTILE, "0", HOSTILE)
    card = model_card(replace(report, project=HOSTILE, method=HOSTILE, parents=(parent,)))
    body = card.split("---\n", 2)[2]
    assert not re.search(r"(?<!\\)<script", re.sub(r"(?m)^- method: `[^`]*`$", "", body))
    assert "\n# a" not in body
    row = next(line for line in body.splitlines() if line.startswith("| base |"))
    assert row.replace("\\|", "").count("|") == 5


def test_the_card_shows_g_and_the_model_that_was_written(report: Report):
    card = model_card(report)
    row = "| Recognition | English → Japanese | merge:dare\\_ties | 31.7 % [26.7, 36.7] | 6.2 % |"
    assert row in card
    assert "| tuned |" not in card
    assert "partial fine-tuning" not in card
    tuned = model_card(replace(report, shipped="tuned"))
    assert "- partial fine-tuning: 50 terms, 60 steps" in tuned


def test_without_obligations_there_is_no_notice(report: Report):
    free = tuple(replace(parent, licence="MIT") for parent in report.parents)
    assert notice(replace(report, parents=free, sources=())) == ""


def test_a_parent_that_was_written_is_not_called_a_merge(report: Report):
    kept = replace(report, shipped="G")
    card = model_card(kept)
    metadata = _metadata(card)
    assert metadata["base_model"] == ["google/gemma-3-270m", "language-ja"]
    assert metadata["tags"] == ["lexgraft"]
    assert "base_model_relation" not in metadata
    assert "G as it was: no merge passed its gates." in card
    assert "## Method" not in card
    assert "merged" not in notice(kept)
    assert "JMdict" not in notice(kept)
