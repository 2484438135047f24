"""Part of speech of terms whose source does not say it: a tagger by name, else unknown."""

from collections.abc import Callable, Sequence
from functools import cache

import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, PartOfSpeech, Term

_NOUN, _ADJECTIVE = "名詞", ("形状詞", "形容詞")
_SUFFIX, _OF_NOUNS, _OF_ADJECTIVES = "接尾辞", "名詞的", ("形状詞的", "形容詞的")
_MAY_BE_ADJECTIVE = "形状詞可能"


def with_part_of_speech(concepts: Sequence[Concept], tagger: str | None) -> list[Concept]:
    """Return the concepts with the part of speech of their Japanese terms where it was unknown.

    Only the end of a term is looked at: nearly all technical terms are noun phrases, whose kind
    the last word decides. What the source says always stands.

    Raises:
        LexgraftError: the tagger is not installed.
    """
    if tagger is None:
        return list(concepts)
    tag = _sudachi()
    return [
        msgspec.structs.replace(concept, terms=tuple(_tagged(term, tag) for term in concept.terms))
        for concept in concepts
    ]


def part_of(kinds: Sequence[str]) -> PartOfSpeech:
    """Return what UniDic's tags of a term's last word say; nouns that take する are nouns."""
    if kinds[0] == _NOUN:
        return "noun"
    if kinds[0] in _ADJECTIVE or (kinds[0] == _SUFFIX and kinds[1] in _OF_ADJECTIVES):
        return "adjective"
    if kinds[0] == _SUFFIX:
        return "noun" if kinds[1] == _OF_NOUNS else "other"
    return "adjective" if _MAY_BE_ADJECTIVE in kinds else "other"


def _tagged(term: Term, tag: Callable[[str], PartOfSpeech]) -> Term:
    if term.language != "ja" or term.part_of_speech != "unknown":
        return term
    return msgspec.structs.replace(term, part_of_speech=tag(term.text))


@cache
def _sudachi() -> Callable[[str], PartOfSpeech]:
    """Return a tagger of Japanese terms; the dictionary is read once."""
    try:
        import sudachipy

        tokenizer = sudachipy.Dictionary(dict="small").tokenizer()
    except (ImportError, ModuleNotFoundError) as error:
        raise LexgraftError(
            "the tagger `sudachi` is not installed",
            where="terms.tagger",
            cure="pip install 'lexgraft[japanese]'",
        ) from error
    return lambda text: part_of(list(tokenizer.tokenize(text))[-1].part_of_speech())
