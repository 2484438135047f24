"""What growth does to real tokenizers on 10 MB of English and 10 MB of Japanese general text.

    python benchmarks/segmentation.py [--tokenizers smollm2 gemma qwen unigram] [--megabytes 10]

Added are the English and Japanese terms of the medical example. Printed per tokenizer: how many of
the words are produced, alone and in ICD-10's names, how many terms round-trip, how many general
documents without a new word are cut otherwise (0 is promised on text that was shown), the same on
the half of the text that was not shown, and how much of a donor's vocabulary is used, where all of
the text must be cut as before and where English alone must.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from general_text import RAW, general_text
from real_tokenizers import NAMES, tokenizer_folder

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, read_lines
from lexgraft.terms.readers.po import read_po
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.tokenizer.tokenizer_file import read_document
from lexgraft.weights.vocabulary.candidates import donor_candidates
from lexgraft.weights.vocabulary.expanded_files import expanded_tokenizer
from lexgraft.weights.vocabulary.expansion import Expansion
from lexgraft.weights.vocabulary.expansion_check import ExpansionReport, Stability
from lexgraft.weights.vocabulary.expansion_plan import (
    ExpansionRequest,
    ExpansionSettings,
    plan_vocabulary,
)
from lexgraft.weights.vocabulary.expansion_texts import Passage
from lexgraft.weights.vocabulary.occurrences import count_occurrences

LANGUAGES = ("en", "ja")
DONORS = {"smollm2": "qwen", "gemma": "qwen", "qwen": "gemma", "unigram": "gemma"}
TOKENS = 20_000  # room for all terms
DONATED = 2_000_000  # bytes per language of the text that a donor's tokens are looked for in


def main() -> None:
    """Print two JSON objects per tokenizer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizers", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--megabytes", type=float, default=10.0, help="of either language")
    given = parser.parse_args()
    size = int(given.megabytes * 1e6)
    texts = {language: general_text(language, size) for language in LANGUAGES}
    sizes = {one: sum(len(text.encode()) for text in rows) for one, rows in texts.items()}
    print(json.dumps({"bytes": sizes, "documents": {k: len(v) for k, v in texts.items()}}))
    for name in given.tokenizers:
        for title, measure in (("terms", with_terms), ("donor", with_donor)):
            start = time.process_time()
            found = measure(name, texts)
            taken = round(time.process_time() - start)
            print(json.dumps({name: {title: found, "cpu s": taken}}, indent=1), flush=True)


def with_terms(name: str, texts: dict[str, list[str]]) -> dict[str, Any]:
    """Return what becomes of a tokenizer that gets the example's terms."""
    base = tokenizer_folder(name)
    general = [text for rows in texts.values() for text in rows]
    report = plan_vocabulary(
        ExpansionRequest(
            base, terms(), general=general, held_out=names(), settings=ExpansionSettings(TOKENS)
        )
    ).report
    halves = [rows[part::2] for part in range(2) for rows in texts.values()]
    shown, unseen = ([*halves[at], *halves[at + 1]] for at in (0, len(LANGUAGES)))
    expansion = plan_vocabulary(
        ExpansionRequest(base, terms(), general=shown, settings=ExpansionSettings(TOKENS))
    ).expansion
    return {
        "words, steps": [report.words, report.steps],
        "produced alone": report.produced_alone,
        "produced in names, of those there": [report.produced, report.occurring],
        "terms that round-trip": [report.round_trips, report.terms],
        "tokens per term": {
            one: [round(c.before, 2), round(c.after, 2)]
            for one, c in report.tokens_per_term.items()
        },
        "general, shown": general_counts(report.general),
        "general, the other half shown": changed(expansion, unseen),
        "left out": report.refused,
    }


def with_donor(name: str, texts: dict[str, list[str]]) -> dict[str, Any]:
    """Return how many of a donor's tokens that a text could use are used on it.

    Once all of the text without a new word must be cut as before; once its English alone, as for
    a model that knew no Japanese worth keeping.
    """
    base, donor = tokenizer_folder(name), tokenizer_folder(DONORS[name])
    shown = [(one, text) for one, rows in texts.items() for text in some(rows, DONATED)]
    engine = TokenizerEngine(read_document(base))
    candidates = donor_candidates(engine, read_document(donor))
    seen = count_occurrences(engine, candidates, [text for _, text in shown]).counts
    possible = {candidate.spelled for number, candidate in enumerate(candidates) if seen[number]}
    found: dict[str, Any] = {
        "donor": DONORS[name],
        "bytes": sum(len(text.encode()) for _, text in shown),
        "its words that the base cuts": len(candidates),
        "of those in the text": len(possible),
    }
    english = [text for one, text in shown if one == "en"]
    for title, kept in (("all text kept", [text for _, text in shown]), ("English kept", english)):
        report, expansion = planned(base, shown, donor, kept)
        assert report.general is not None
        found[title] = {
            "used": len(possible & {word.token for word in expansion.words}),
            "kept documents without a new word": report.general.documents
            - report.general.with_words,
            "of those cut otherwise": report.general.changed_elsewhere,
            "bytes per token": {
                one: [round(c.before, 2), round(c.after, 2)]
                for one, c in report.bytes_per_token.items()
            },
            "left out": report.refused,
        }
    return found


def planned(
    base: Path, shown: Sequence[Passage], donor: Path, kept: Sequence[str]
) -> tuple[ExpansionReport, Expansion]:
    """Return what a donor gives to a base, and the proof on the same text."""
    plan = plan_vocabulary(
        ExpansionRequest(
            base,
            texts=shown,
            donor=donor,
            general=kept,
            held_out=shown,
            settings=ExpansionSettings(200_000, max_per_million=1e9),
        )
    )
    return plan.report, plan.expansion


def changed(expansion: Expansion, texts: Sequence[str]) -> dict[str, int]:
    """Return how texts that were not looked at are cut: those without a new word as before?"""
    base, grown = TokenizerEngine(expansion.base), TokenizerEngine(expanded_tokenizer(expansion))
    pairs = list(zip(base.encode(texts), grown.encode(texts), strict=True))
    shown = expansion.shown
    holding = [any(n in shown for n in new) for _, new in pairs]
    otherwise = [old != new for old, new in pairs]
    both = list(zip(holding, otherwise, strict=True))
    return {
        "documents": len(texts),
        "with a new word": sum(holding),
        "cut otherwise without one": sum(now and not holds for holds, now in both),
    }


def general_counts(seen: Stability | None) -> dict[str, int]:
    """Return the proof's counts of general text."""
    assert seen is not None
    return {
        "documents": seen.documents,
        "with a new word": seen.with_words,
        "cut otherwise without one": seen.changed_elsewhere,
        "stray steps": seen.stray_steps,
    }


def terms() -> list[Passage]:
    """Return the example's terms in both languages."""
    concepts = read_lines(RAW.parent / "terms.jsonl", Concept)
    return [
        (one.language, one.text)
        for concept in concepts
        for one in concept.terms
        if one.language in LANGUAGES
    ]


def names() -> list[Passage]:
    """Return the names of ICD-10 in both languages."""
    rows = [row for path in sorted(RAW.glob("*-ja_JP.po")) for row in read_po(path)]
    return [
        passage
        for _, english, japanese in rows
        for passage in (("en", english), ("ja", japanese))
        if passage[1]
    ]


def some(texts: Sequence[str], size: int) -> list[str]:
    """Return the first texts that have so many bytes together."""
    found, total = list[str](), 0
    for text in texts:
        if total >= size:
            break
        found.append(text)
        total += len(text.encode())
    return found


if __name__ == "__main__":
    try:
        main()
    except LexgraftError as error:
        sys.exit(str(error))
