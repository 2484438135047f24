"""Facts: what an asked answer is like, by frequency, part of speech and number of tokens."""

from collections.abc import Callable, Mapping, Sequence
from math import floor

from lexgraft.records import Concept, Item

Tokens = Callable[[str], int]
"""How many tokens a text has for the tokenizer at hand."""

_MANY = 6  # tokens from which words are counted together


def facts_of(
    items: Sequence[Item], concepts: Mapping[str, Concept], tokens: Tokens | None = None
) -> dict[str, dict[str, str]]:
    """Return, per concept that is asked about, the classes its figures are reported by."""
    facts: dict[str, dict[str, str]] = {}
    for item in items:
        concept = concepts[item.concept]
        classes = facts.setdefault(item.concept, {})
        classes["frequency"] = frequency_band(concept, item.answer_language)
        classes["part of speech"] = next(
            (t.part_of_speech for t in concept.terms if t.language == item.answer_language),
            "unknown",
        )
        if tokens and not item.kind.endswith("definition"):
            classes["tokens"] = _size(tokens(item.options[item.gold]))
    return facts


def frequency_band(concept: Concept, language: str) -> str:
    """Return the whole Zipf steps between which a concept's term lies, `unknown` when unmeasured.

    Where it was measured in another language only, that language's frequency stands.
    """
    rarity = concept.rarity.get(language, next(iter(concept.rarity.values()), None))
    if rarity is None:
        return "unknown"
    return "Zipf 0" if rarity <= 0 else f"Zipf {floor(rarity)}-{floor(rarity) + 1}"


def _size(count: int) -> str:
    return f"{_MANY}+" if count >= _MANY else str(count)
