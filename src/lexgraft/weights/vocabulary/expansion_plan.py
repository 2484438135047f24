"""Plan an expansion: from terms, texts and a donor to the tokens to add, with a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.records import Progress, digest, silent
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.tokenizer.tokenizer_file import read_document
from lexgraft.weights.vocabulary.candidates import (
    CandidateToken,
    affix_candidates,
    donor_candidates,
    term_candidates,
    terms_of_texts,
)
from lexgraft.weights.vocabulary.expansion import COMMON, Expansion, survey_texts
from lexgraft.weights.vocabulary.expansion_check import ExpansionReport, check_expansion
from lexgraft.weights.vocabulary.expansion_texts import Passage
from lexgraft.weights.vocabulary.prune import prune_expansion

HELD_OUT = 5  # every so many documents of the user's text is held out where none are given
SHARED = 5  # pieces beside which a beginning or an end must stand before it is looked at by itself


@dataclass(frozen=True)
class ExpansionSettings:
    """Which candidates become tokens.

    Raises:
        LexgraftError: fewer than one token, or a negative number of pieces.
    """

    tokens: int = 500  # new tokens at most, intermediate merges included
    min_saving: float = 1.0  # tokens that a word must save over the user's text
    max_pieces: float = inf  # of the base, that a word may stand for
    max_per_million: float = COMMON  # tokens of general text, up to which a word is a technical one

    def __post_init__(self) -> None:
        if self.tokens < 1:
            raise LexgraftError("a number below 1", cure="allow 1 new token or more")
        if self.max_pieces < 0:
            raise LexgraftError("a number below 0", cure="allow 2 pieces of the base or more")


@dataclass(frozen=True)
class ExpansionRequest:
    """What a vocabulary is to grow by; at least one of terms, texts and a donor."""

    base: Path
    terms: Sequence[Passage] = ()  # language and term
    texts: Sequence[Passage] = ()  # the user's text: what is frequent in it comes first
    donor: Path | None = None  # a model folder whose vocabulary is looked through
    general: Sequence[str] = ()  # text that must be cut as before
    held_out: Sequence[Passage] = ()  # text for the report alone
    settings: ExpansionSettings = ExpansionSettings()


@dataclass(frozen=True)
class VocabularyPlan:
    """An expansion with its report; nothing is written."""

    expansion: Expansion
    report: ExpansionReport


def plan_vocabulary(request: ExpansionRequest, progress: Progress = silent) -> VocabularyPlan:
    """Return what would be added to a tokenizer, and what it would do on text.

    Raises:
        LexgraftError: nothing to add, or a tokenizer that is refused.
    """
    if not (request.terms or request.texts or request.donor):
        raise LexgraftError("nothing says what to add", cure="give terms, a text, or a donor model")
    steps = 4
    progress("vocabulary, reading", 0, steps)
    base = TokenizerEngine(read_document(request.base))
    texts, held_out = _split(request)
    progress("vocabulary, looking at text", 1, steps)
    candidates = _units(base, request, texts)
    limits = request.settings
    context = survey_texts(
        base, candidates, texts, request.general, limits.max_per_million, pieces=limits.max_pieces
    )
    progress("vocabulary, growing", 2, steps)
    expansion, grown = prune_expansion(
        context, limits.tokens, limits.min_saving, texts, request.general
    )
    progress("vocabulary, proving", 3, steps)
    report = check_expansion(expansion, base, grown, request.terms, held_out, request.general)
    progress("vocabulary, done", steps, steps)
    return VocabularyPlan(expansion, report)


def _split(request: ExpansionRequest) -> tuple[list[str], Sequence[Passage]]:
    """Return the texts to choose on and those to prove on, which are never the same."""
    if request.held_out:
        return [text for _, text in request.texts], request.held_out
    rows = [
        (int(digest("held-out", text), 16) % HELD_OUT, language, text)
        for language, text in request.texts
    ]
    held_out = [(language, text) for remainder, language, text in rows if remainder == 0]
    return [text for remainder, _, text in rows if remainder], held_out


def _units(
    base: TokenizerEngine, request: ExpansionRequest, texts: Sequence[str]
) -> list[CandidateToken]:
    """Return all candidates: words of terms with their common ends, the donor's, or the text's."""
    weights: dict[str, float] = {}
    for _, term in request.terms:
        weights[term] = weights.get(term, 0.0) + 1.0
    if not request.terms and request.donor is None:
        weights = terms_of_texts(texts)
    candidates = term_candidates(base, weights)
    if request.donor is not None:
        candidates += donor_candidates(base, read_document(request.donor))
    if texts:
        candidates += affix_candidates(candidates, base, SHARED)
    return [*{candidate.spelled: candidate for candidate in reversed(candidates)}.values()][::-1]
