from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_tokenizers import DOMAIN, GENERAL, KINDS, TERMS

from lexgraft.errors import LexgraftError
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.tokenizer.tokenizer_file import read_document
from lexgraft.weights.vocabulary.candidates import term_candidates
from lexgraft.weights.vocabulary.expansion import survey_texts
from lexgraft.weights.vocabulary.expansion_plan import (
    ExpansionRequest,
    ExpansionSettings,
    plan_vocabulary,
)
from lexgraft.weights.vocabulary.prune import prune_expansion

pytestmark = pytest.mark.slow

FolderOf = Callable[[str], Path]
PASSAGES = [(language, term) for language, terms in TERMS.items() for term in terms]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_text", [False, True])
def test_words_are_produced_terms_come_back_and_general_text_stays(
    folder_of: FolderOf, kind: str, *, with_text: bool
):
    texts = [("en", text) for text in DOMAIN] if with_text else []
    held_out = [("en", text) for text in DOMAIN]
    proof = plan_vocabulary(
        ExpansionRequest(folder_of(kind), PASSAGES, texts, general=GENERAL, held_out=held_out)
    ).proof
    assert proof.words >= 6
    assert proof.produced_alone == proof.words
    assert proof.produced == proof.occurring
    assert proof.round_trips == proof.terms == len(PASSAGES)
    assert proof.general is not None
    assert proof.general.changed_elsewhere == proof.general.stray_steps == 0
    assert proof.general.tokens_changed == 0
    assert all(now.after <= now.before for now in proof.tokens_per_term.values())
    assert proof.tokens_per_term["en"].after < 6 < proof.tokens_per_term["en"].before
    assert proof.bytes_per_token["en"].after > 1.5 * proof.bytes_per_token["en"].before


@pytest.mark.parametrize("kind", KINDS)
def test_ids_of_the_base_stay_and_new_ones_follow_without_a_hole(folder_of: FolderOf, kind: str):
    engine = TokenizerEngine(read_document(folder_of(kind)))
    ground = survey_texts(
        engine, term_candidates(engine, {term: 1.0 for _, term in PASSAGES}), [], GENERAL
    )
    growth, grown = prune_expansion(ground, 60, 1, [], GENERAL)
    base = engine.document
    assert dict(grown.document.tokens) == dict(base.tokens) | {
        n.id: n.token for n in growth.additions
    }
    assert sorted(grown.document.tokens) == list(range(grown.document.size))
    assert 0 < len(growth.additions) <= 60
    assert grown.document.specials == base.specials


@pytest.mark.parametrize("kind", ["byte-level", "byte-fallback"])
def test_a_word_whose_pieces_meet_everywhere_in_general_text_is_left_out(
    folder_of: FolderOf, kind: str
):
    engine = TokenizerEngine(read_document(folder_of(kind)))
    units = term_candidates(engine, {"photosynthesis": 1.0})
    pieces = [
        engine.decode(unit.cut[at : at + 2]) for unit in units for at in range(len(unit.cut) - 1)
    ]
    crowd = [f"{piece}{other} {other}{piece}q" for piece in pieces for other in ("zz", "y", piece)]
    crowd += [engine.decode(unit.cut[:-1]) + "zz" for unit in units]
    crowd += ["zz" + engine.decode(unit.cut[1:]) for unit in units]
    with pytest.raises(LexgraftError, match="nothing is worth adding"):
        prune_expansion(survey_texts(engine, units, [], crowd), 60, 1, [], crowd)


def test_the_budget_counts_every_new_row_and_frequent_words_come_first(folder_of: FolderOf):
    texts = [("", "an eigenvalue of it")] * 50 + [("", "the photosynthesis")]
    request = ExpansionRequest(
        folder_of("byte-level"),
        PASSAGES,
        texts,
        held_out=[("", "eigenvalue")],
        settings=ExpansionSettings(12),
    )
    growth = plan_vocabulary(request).growth
    assert len(growth.additions) <= 12
    assert [word.text for word in growth.words] == [" eigenvalue"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_addition_that_the_text_never_produces_is_dropped(folder_of: FolderOf, kind: str):
    texts = [("", text) for text in DOMAIN * 3]
    terms = [*PASSAGES, ("en", "encephalomyelitis"), ("ja", "心筋脳症")]
    request = ExpansionRequest(
        folder_of(kind), terms, texts, held_out=texts, settings=ExpansionSettings(min_saving=0.0)
    )
    planned = plan_vocabulary(request)
    words = {word.text.strip() for word in planned.growth.words}
    assert "photosynthesis" in words
    assert not {"encephalomyelitis", "心筋脳症"} & words
    assert planned.proof.produced == planned.proof.occurring == planned.proof.words


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_stands_for_no_more_pieces_than_allowed(folder_of: FolderOf, kind: str):
    texts = [("", text) for text in DOMAIN * 3]
    free = ExpansionRequest(folder_of(kind), PASSAGES, texts, held_out=texts)
    sizes = sorted({len(word.parts) for word in plan_vocabulary(free).growth.words})
    growth = plan_vocabulary(replace(free, settings=ExpansionSettings(max_pieces=sizes[-2]))).growth
    assert max(len(word.parts) for word in growth.words) == sizes[-2] < sizes[-1]
    assert growth.refused["of more pieces than allowed"] > 0


def test_words_of_a_text_are_looked_at_where_no_terms_are_given(folder_of: FolderOf):
    request = ExpansionRequest(
        folder_of("unigram"),
        texts=[("", text) for text in DOMAIN * 3],
        settings=ExpansionSettings(min_saving=2),
    )
    words = {word.text for word in plan_vocabulary(request).growth.words}
    assert {" mitochondria", "心筋梗塞", "脳症"} <= words


def test_a_donors_tokens_are_built_and_used(folder_of: FolderOf, tmp_path: Path):
    import json

    from tiny_tokenizers import train

    donor = tmp_path / "donor"
    donor.mkdir()
    content = train("byte-level", 700, [*GENERAL, *DOMAIN * 9])
    (donor / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    texts = [("", text) for text in DOMAIN]
    request = ExpansionRequest(
        folder_of("byte-fallback"),
        texts=texts,
        donor=donor,
        held_out=texts,
        settings=ExpansionSettings(900),
    )
    proof = plan_vocabulary(request).proof
    assert proof.words >= 8
    assert proof.produced is not None
    assert proof.occurring is not None
    assert proof.produced >= 0.9 * proof.occurring


def test_nothing_to_add_is_said(folder_of: FolderOf):
    with pytest.raises(LexgraftError, match="nothing says what to add"):
        plan_vocabulary(ExpansionRequest(folder_of("unigram")))
    with pytest.raises(LexgraftError, match="nothing is worth adding"):
        plan_vocabulary(ExpansionRequest(folder_of("unigram"), [("en", "a")]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_request_gives_the_same_growth(folder_of: FolderOf, kind: str):
    request = ExpansionRequest(folder_of(kind), PASSAGES, general=GENERAL)
    first, second = (plan_vocabulary(request).growth for _ in range(2))
    assert (first.additions, first.merges) == (second.additions, second.merges)


def test_a_word_that_general_text_knows_well_is_not_a_technical_one(folder_of: FolderOf):
    general = [*GENERAL, *(f"the eigenvalue of {line}" for line in GENERAL)]
    request = ExpansionRequest(folder_of("unigram"), PASSAGES, general=general)
    growth = plan_vocabulary(request).growth
    assert " eigenvalue" not in {word.text for word in growth.words}
    assert growth.refused["common in general text"] == 2  # with and without a space
    loose = ExpansionRequest(
        folder_of("unigram"),
        PASSAGES,
        general=general,
        settings=ExpansionSettings(max_per_million=1e6),
    )
    assert " eigenvalue" in {word.text for word in plan_vocabulary(loose).growth.words}
