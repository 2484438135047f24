from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_tokenizers import GENERAL, TERMS

import lexgraft as lg
from lexgraft.records import Concept, Term
from lexgraft.weights.vocabulary.expansion_plan import ExpansionSettings
from lexgraft.weights.vocabulary.fit.fit_settings import FitSettings

CONCEPTS = [
    Concept(id=f"{language}{number}", terms=(Term(text=term, language=language),))
    for language, words in TERMS.items()
    for number, term in enumerate(words)
]


def test_concepts_and_passages_are_planned_with_and_written_as_files_are(
    folder_of: Callable[[str], Path], tmp_path: Path
):
    base, general = folder_of("byte-level"), tmp_path / "general.txt"
    general.write_text("\n".join(GENERAL), encoding="utf-8")
    planned = lg.expand_vocabulary(base, CONCEPTS, general=[("en", text) for text in GENERAL])
    assert planned.output is None
    assert planned.plan.report.words > 0
    written = lg.expand_vocabulary(base, CONCEPTS, (), tmp_path / "grown", general=[str(general)])
    assert (tmp_path / "grown" / "tokenizer.json").is_file()
    assert written.rows == {}  # a tokenizer alone has none
    assert written.plan.expansion.additions == planned.plan.expansion.additions
    with pytest.raises(lg.LexgraftError, match="not empty"):
        lg.expand_vocabulary(base, CONCEPTS, (), tmp_path / "grown")


def test_a_forbidden_term_is_no_candidate(folder_of: Callable[[str], Path]):
    concept = Concept(id="x", terms=(Term(text="eigenvalue", language="en", status="forbidden"),))
    with pytest.raises(lg.LexgraftError, match="nothing says what to add"):
        lg.expand_vocabulary(folder_of("unigram"), [concept])


def test_settings_that_mean_nothing_are_refused():
    with pytest.raises(lg.LexgraftError, match="below 1"):
        ExpansionSettings(tokens=0)
    with pytest.raises(lg.LexgraftError, match="below 0"):
        FitSettings(distil=-1)
