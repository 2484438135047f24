"""A growth that holds on text: what is never produced or touches general text is taken out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lexgraft.checkpoint.vocabulary.content import grown_document
from lexgraft.checkpoint.vocabulary.engine import PROBE, Engine
from lexgraft.checkpoint.vocabulary.growth import Addition, Ground, Growth, grow
from lexgraft.checkpoint.vocabulary.units import is_bare
from lexgraft.errors import UserError

TAKEN_OUT = "not produced, or steps of it stand in general text"


def settle(
    ground: Ground, budget: int, least: float, texts: Sequence[str], general: Sequence[str]
) -> tuple[Growth, Engine]:
    """Return a growth whose every word is produced and whose steps stay out of general text.

    Later rounds only take out, so they look only at texts in which something new stood, and
    there is an end.

    Raises:
        UserError: nothing is worth adding.
    """
    only: frozenset[str] | None = None
    suspects, first = list(general), None
    while True:
        growth = grow(ground, budget, least, only)
        first = first or growth
        if not growth.words:
            raise UserError(
                "nothing is worth adding", cure="give more text or terms, or lower the least saving"
            )
        engine = Engine(grown_document(growth))
        stray, suspects = _stray(growth, engine, suspects)
        bad = _unused(growth, engine, texts) | stray
        if not bad:
            gone = len(first.words) - len(growth.words)
            refused = {**first.refused, TAKEN_OUT: gone} if gone else first.refused
            return replace(growth, refused=refused), engine
        only = frozenset(word.token for word in growth.words) - bad


def carriers(words: Sequence[Addition]) -> list[str]:
    """Return a short text around every word, in which it stands as in a longer one."""
    return [carrier(word.text) for word in words]


def carrier(text: str) -> str:
    """Return a short text around a word."""
    return f"{PROBE}\n{text}" if is_bare(text) else PROBE + text


def _unused(growth: Growth, engine: Engine, texts: Sequence[str]) -> frozenset[str]:
    """Return the words that a text never produces; without text, that stand alone in vain."""
    rows = engine.encode(texts or carriers(growth.words))
    made = Counter(number for row in rows for number in row if number >= growth.base.size)
    return frozenset(word.token for word in growth.words if not made[word.id])


def _stray(
    growth: Growth, engine: Engine, general: Sequence[str]
) -> tuple[frozenset[str], list[str]]:
    """Return the words on whose way a step appears in general text, and the texts to look at."""
    steps = {new.id: new.token for new in growth.additions if new.role == "step"}
    if not steps or not general:
        return frozenset(), []
    rows = engine.encode(general)
    suspects = [
        text
        for text, row in zip(general, rows, strict=True)
        if max(row, default=0) >= growth.base.size
    ]
    found = sorted({number for row in rows for number in row if number in steps})
    names = [steps[number] for number in found]
    words = (word.token for word in growth.words)
    return frozenset(word for word in words if any(name in word for name in names)), suspects
