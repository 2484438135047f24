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
    report = plan_vocabulary(
        ExpansionRequest(folder_of(kind), PASSAGES, texts, general=GENERAL, held_out=held_out)
    ).report
    assert report.words >= 6
    assert report.produced_alone == report.words
    assert report.produced == report.occurring
    assert report.round_trips == report.terms == len(PASSAGES)
    assert report.general is not None
    assert report.general.changed_elsewhere == report.general.stray_steps == 0
    assert report.general.tokens_changed == 0
    assert all(now.after <= now.before for now in report.tokens_per_term.values())
    assert report.tokens_per_term["en"].after < 6 < report.tokens_per_term["en"].before
    assert report.bytes_per_token["en"].after > 1.5 * report.bytes_per_token["en"].before


@pytest.mark.parametrize("kind", KINDS)
def test_ids_of_the_base_stay_and_new_ones_follow_without_a_hole(folder_of: FolderOf, kind: str):
    engine = TokenizerEngine(read_document(folder_of(kind)))
    context = survey_texts(
        engine, term_candidates(engine, {term: 1.0 for _, term in PASSAGES}), [], GENERAL
    )
    expansion, grown = prune_expansion(context, 60, 1, [], GENERAL)
    base = engine.document
    assert dict(grown.document.tokens) == dict(base.tokens) | {
        n.id: n.token for n in expansion.additions
    }
    assert sorted(grown.document.tokens) == list(range(grown.document.size))
    assert 0 < len(expansion.additions) <= 60
    assert grown.document.specials == base.specials


@pytest.mark.parametrize("kind", ["byte-level", "byte-fallback"])
def test_a_word_whose_pieces_meet_everywhere_in_general_text_is_left_out(
    folder_of: FolderOf, kind: str
):
    engine = TokenizerEngine(read_document(folder_of(kind)))
    candidates = term_candidates(engine, {"photosynthesis": 1.0})
    pieces = [
        engine.decode(candidate.cut[at : at + 2])
        for candidate in candidates
        for at in range(len(candidate.cut) - 1)
    ]
    background = [
        f"{piece}{other} {other}{piece}q" for piece in pieces for other in ("zz", "y", piece)
    ]
    background += [engine.decode(candidate.cut[:-1]) + "zz" for candidate in candidates]
    background += ["zz" + engine.decode(candidate.cut[1:]) for candidate in candidates]
    with pytest.raises(LexgraftError, match="nothing is worth adding"):
        prune_expansion(survey_texts(engine, candidates, [], background), 60, 1, [], background)


def test_the_budget_counts_every_new_row_and_frequent_words_come_first(folder_of: FolderOf):
    texts = [("", "an eigenvalue of it")] * 50 + [("", "the photosynthesis")]
    request = ExpansionRequest(
        folder_of("byte-level"),
        PASSAGES,
        texts,
        held_out=[("", "eigenvalue")],
        settings=ExpansionSettings(12),
    )
    expansion = plan_vocabulary(request).expansion
    assert len(expansion.additions) <= 12
    assert [word.text for word in expansion.words] == [" eigenvalue"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_addition_that_the_text_never_produces_is_dropped(folder_of: FolderOf, kind: str):
    texts = [("", text) for text in DOMAIN * 3]
    terms = [*PASSAGES, ("en", "encephalomyelitis"), ("ja", "心筋脳症")]
    request = ExpansionRequest(
        folder_of(kind), terms, texts, held_out=texts, settings=ExpansionSettings(min_saving=0.0)
    )
    planned = plan_vocabulary(request)
    words = {word.text.strip() for word in planned.expansion.words}
    assert "photosynthesis" in words
    assert not {"encephalomyelitis", "心筋脳症"} & words
    assert planned.report.produced == planned.report.occurring == planned.report.words


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_stands_for_no_more_pieces_than_allowed(folder_of: FolderOf, kind: str):
    texts = [("", text) for text in DOMAIN * 3]
    free = ExpansionRequest(folder_of(kind), PASSAGES, texts, held_out=texts)
    sizes = sorted({len(word.parts) for word in plan_vocabulary(free).expansion.words})
    expansion = plan_vocabulary(
        replace(free, settings=ExpansionSettings(max_pieces=sizes[-2]))
    ).expansion
    assert max(len(word.parts) for word in expansion.words) == sizes[-2] < sizes[-1]
    assert expansion.refused["of more pieces than allowed"] > 0


def test_words_of_a_text_are_looked_at_where_no_terms_are_given(folder_of: FolderOf):
    request = ExpansionRequest(
        folder_of("unigram"),
        texts=[("", text) for text in DOMAIN * 3],
        settings=ExpansionSettings(min_saving=2),
    )
    words = {word.text for word in plan_vocabulary(request).expansion.words}
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
    report = plan_vocabulary(request).report
    assert report.words >= 8
    assert report.produced is not None
    assert report.occurring is not None
    assert report.produced >= 0.9 * report.occurring


def test_nothing_to_add_is_said(folder_of: FolderOf):
    with pytest.raises(LexgraftError, match="nothing says what to add"):
        plan_vocabulary(ExpansionRequest(folder_of("unigram")))
    with pytest.raises(LexgraftError, match="nothing is worth adding"):
        plan_vocabulary(ExpansionRequest(folder_of("unigram"), [("en", "a")]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_request_gives_the_same_growth(folder_of: FolderOf, kind: str):
    request = ExpansionRequest(folder_of(kind), PASSAGES, general=GENERAL)
    first, second = (plan_vocabulary(request).expansion for _ in range(2))
    assert (first.additions, first.merges) == (second.additions, second.merges)


def test_a_word_that_general_text_knows_well_is_not_a_technical_one(folder_of: FolderOf):
    general = [*GENERAL, *(f"the eigenvalue of {line}" for line in GENERAL)]
    request = ExpansionRequest(folder_of("unigram"), PASSAGES, general=general)
    expansion = plan_vocabulary(request).expansion
    assert " eigenvalue" not in {word.text for word in expansion.words}
    assert expansion.refused["common in general text"] == 2  # with and without a space
    loose = ExpansionRequest(
        folder_of("unigram"),
        PASSAGES,
        general=general,
        settings=ExpansionSettings(max_per_million=1e6),
    )
    assert " eigenvalue" in {word.text for word in plan_vocabulary(loose).expansion.words}
