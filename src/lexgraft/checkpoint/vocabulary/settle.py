"""A growth that holds on text: what is never produced or touches general text is taken out."""

from collections import Counter
from collections.abc import Sequence

from lexgraft.checkpoint.vocabulary.content import grown_document
from lexgraft.checkpoint.vocabulary.engine import PROBE, Engine
from lexgraft.checkpoint.vocabulary.growth import Addition, Ground, Growth, grow
from lexgraft.checkpoint.vocabulary.units import writes_spaces
from lexgraft.errors import UserError

ROUNDS = 6


def settle(
    ground: Ground, budget: int, least: float, texts: Sequence[str], general: Sequence[str]
) -> tuple[Growth, Engine]:
    """Return a growth whose every word is produced and whose steps stay out of general text.

    Raises:
        UserError: nothing is worth adding.
    """
    without: frozenset[str] = frozenset()
    for _ in range(ROUNDS):
        growth = grow(ground, budget, least, without)
        engine = Engine(grown_document(growth))
        bad = _unused(growth, engine, texts) | _disturbing(growth, engine, general)
        if not bad:
            break
        without |= bad
    if not growth.words:
        raise UserError(
            "nothing is worth adding", cure="give more text or terms, or lower the least saving"
        )
    return growth, engine


def carriers(words: Sequence[Addition]) -> list[str]:
    """Return a short text around every word, in which it stands as in a longer one."""
    return [carrier(word.text) for word in words]


def carrier(text: str) -> str:
    """Return a short text around a word."""
    if text.startswith(" ") or not writes_spaces(text):
        return PROBE + text
    return f"{PROBE}\n{text}"


def _unused(growth: Growth, engine: Engine, texts: Sequence[str]) -> frozenset[str]:
    """Return the words that a text never produces; without text, that stand alone in vain."""
    rows = engine.encode(texts or carriers(growth.words))
    made = Counter(number for row in rows for number in row if number >= growth.base.size)
    return frozenset(word.token for word in growth.words if not made[word.id])


def _disturbing(growth: Growth, engine: Engine, general: Sequence[str]) -> frozenset[str]:
    """Return the words on whose way a step appears in general text."""
    steps = {new.id: new.token for new in growth.additions if new.role == "step"}
    if not steps or not general:
        return frozenset()
    rows = engine.encode(general)
    stray = sorted({number for row in rows for number in row if number in steps})
    return frozenset(
        word.token for word in growth.words if any(steps[number] in word.token for number in stray)
    )
