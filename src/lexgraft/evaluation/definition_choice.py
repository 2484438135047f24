"""Generated definitions as questions: does this text pick its term among the same distractors?"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from lexgraft.records import Concept, Item, digest

MASK = "＿＿"


def identification_items(
    items: Sequence[Item], concepts: Iterable[Concept], generated: Mapping[str, str]
) -> list[Item]:
    """Return definition-to-term items that ask about generated definitions instead.

    `generated` maps concepts to definitions written in the items' question language. A frozen
    scorer then answers; a definition that does not identify its term is not a definition. Every
    name of the concept in it is masked. Items whose concept has none are left out.
    """
    by_id = {concept.id: concept for concept in concepts}
    return [
        _ask_about(item, by_id[item.concept], generated[item.concept])
        for item in items
        if item.kind == "definition-to-term" and item.concept in generated
    ]


def _ask_about(item: Item, concept: Concept, text: str) -> Item:
    original = " ".join(concept.definitions.get(item.question_language, "").split())
    if not original or original not in item.context:
        raise ValueError(f"item {item.id} does not quote the definition of {concept.id}")
    context = item.context.replace(original, mask_names(text, concept))
    return Item(
        id=digest("identification", item.id, context),
        concept=item.concept,
        kind=item.kind,
        question_language=item.question_language,
        answer_language=item.answer_language,
        draw=item.draw,
        context=context,
        neutral=item.neutral,
        options=item.options,
        gold=item.gold,
    )


def mask_names(text: str, concept: Concept) -> str:
    """Return the text on one line, with every name of the concept, in any language, masked."""
    flat = " ".join(unicodedata.normalize("NFKC", text).split())
    names = sorted(
        {unicodedata.normalize("NFKC", term.text) for term in concept.terms},
        key=lambda name: (-len(name), name),
    )
    pattern = "|".join(_as_pattern(name) for name in names if name.strip())
    return re.sub(pattern, MASK, flat, flags=re.IGNORECASE) if pattern else flat


def _as_pattern(name: str) -> str:
    """Return a pattern for the name; Latin-script names match as whole words, with a plural s."""
    if name.isascii():
        return rf"(?<![A-Za-z0-9]){re.escape(name)}(?:e?s)?(?![A-Za-z0-9])"
    return re.escape(name)
