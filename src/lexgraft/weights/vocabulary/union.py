"""A base's tokenizer with all that others can say: their words built by merges, their marks added.

Without general text only such pairs are merged as spell a word that was asked for: where one fires,
text holds that word. A word that would need a step of two base tokens is left out then.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.tokenizer.tokenizer_file import TokenizerFile, check_document
from lexgraft.weights.vocabulary.candidates import CandidateToken, donor_candidates
from lexgraft.weights.vocabulary.expanded_files import expanded_content
from lexgraft.weights.vocabulary.expansion import Expansion, survey_texts
from lexgraft.weights.vocabulary.prune import prune_expansion

_MARK = re.compile(r"[<\[{|].*[>\]}|]", re.DOTALL)  # what templates are made of


@dataclass(frozen=True)
class VocabularyUnion:
    """A tokenizer of several, as an extension of the first: its ids are as they were."""

    expansion: Expansion  # on the base with the others' marks
    document: TokenizerFile
    marks: int


def unite(
    base: TokenizerFile, documents: Sequence[TokenizerFile], general: Sequence[str] = ()
) -> VocabularyUnion:
    """Return the base's tokenizer with the words and marks of others, in their order.

    Args:
        base: The tokenizer that is extended, in its own algorithm.
        documents: The tokenizers whose tokens are wanted.
        general: Text that must be tokenized as before; with it, intermediate merges
            are allowed that it does not show.
    """
    marked = with_special_tokens(base, documents)
    engine = TokenizerEngine(marked)
    candidates: dict[str, CandidateToken] = {}
    for document in documents:
        for candidate in donor_candidates(engine, document):
            candidates.setdefault(candidate.spelled, candidate)
    marks = len(marked.added) - len(base.added)
    if not candidates:
        return VocabularyUnion(Expansion(marked, (), (), {}), marked, marks)
    context = survey_texts(engine, list(candidates.values()), (), general, inf, alone=not general)
    try:
        expansion, grown = prune_expansion(context, len(candidates) * 4, 0.0, (), general)
    except LexgraftError:  # nothing can be built
        return VocabularyUnion(Expansion(marked, (), (), {}), marked, marks)
    return VocabularyUnion(expansion, grown.document, marks)


def with_special_tokens(base: TokenizerFile, documents: Sequence[TokenizerFile]) -> TokenizerFile:
    """Return a tokenizer that knows the others' special tokens and template marks too.

    They get ids behind all others. Added tokens that are plain text (runs of line breaks, words)
    would cut the base's own text otherwise, and are left out.
    """
    rows: list[dict[str, Any]] = list(base.content.get("added_tokens") or [])
    spellings = {*base.ids, *base.added}
    number = base.size
    for document in documents:
        for row in document.content.get("added_tokens") or []:
            text = row["content"]
            if text in spellings or not (row.get("special") is True or _MARK.fullmatch(text)):
                continue
            spellings.add(text)
            rows.append({**row, "id": number})
            number += 1
    if number == base.size:
        return base
    plain = expanded_content(Expansion(base, (), (), {}))  # every id of the base in its place
    return check_document({**plain, "added_tokens": rows}, base.where)
