"""Prune an expansion: words that text never produces, or whose merges touch general text, go."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lexgraft.errors import LexgraftError
from lexgraft.weights.tokenizer.tokenizer_engine import PROBE, TokenizerEngine
from lexgraft.weights.vocabulary.candidates import is_bare
from lexgraft.weights.vocabulary.expanded_files import expanded_tokenizer
from lexgraft.weights.vocabulary.expansion import (
    AddedToken,
    Expansion,
    ExpansionContext,
    choose_tokens,
)

TAKEN_OUT = "not produced, or steps of it stand in general text"


def prune_expansion(
    context: ExpansionContext,
    budget: int,
    min_saving: float,
    texts: Sequence[str],
    general: Sequence[str],
) -> tuple[Expansion, TokenizerEngine]:
    """Return an expansion whose every word is produced and whose steps stay out of general text.

    Later rounds only take out, so they look only at texts in which something new stood, and
    there is an end.

    Raises:
        LexgraftError: nothing is worth adding.
    """
    only: frozenset[str] | None = None
    suspects, first = list(general), None
    while True:
        expansion = choose_tokens(context, budget, min_saving, only)
        first = first or expansion
        if not expansion.words:
            raise LexgraftError(
                "nothing is worth adding", cure="give more text or terms, or lower the least saving"
            )
        engine = TokenizerEngine(expanded_tokenizer(expansion))
        stray, suspects = _stray_steps(expansion, engine, suspects)
        bad = _unused(expansion, engine, texts) | stray
        if not bad:
            gone = len(first.words) - len(expansion.words)
            refused = {**first.refused, TAKEN_OUT: gone} if gone else first.refused
            return replace(expansion, refused=refused), engine
        only = frozenset(word.token for word in expansion.words) - bad


def sample_texts(words: Sequence[AddedToken]) -> list[str]:
    """Return a short text around every word, in which it stands as in a longer one."""
    return [sample_text(word.text) for word in words]


def sample_text(text: str) -> str:
    """Return a short text around a word."""
    return f"{PROBE}\n{text}" if is_bare(text) else PROBE + text


def _unused(expansion: Expansion, engine: TokenizerEngine, texts: Sequence[str]) -> frozenset[str]:
    """Return the words that a text never produces; without text, that stand alone in vain."""
    rows = engine.encode(texts or sample_texts(expansion.words))
    produced = Counter(number for row in rows for number in row if number >= expansion.base.size)
    return frozenset(word.token for word in expansion.words if not produced[word.id])


def _stray_steps(
    expansion: Expansion, engine: TokenizerEngine, general: Sequence[str]
) -> tuple[frozenset[str], list[str]]:
    """Return the words on whose way a step appears in general text, and the texts to look at."""
    steps = {new.id: new.token for new in expansion.additions if new.role == "step"}
    if not steps or not general:
        return frozenset(), []
    rows = engine.encode(general)
    suspects = [
        text
        for text, row in zip(general, rows, strict=True)
        if max(row, default=0) >= expansion.base.size
    ]
    stray_ids = sorted({number for row in rows for number in row if number in steps})
    names = [steps[number] for number in stray_ids]
    words = (word.token for word in expansion.words)
    return frozenset(word for word in words if any(name in word for name in names)), suspects
