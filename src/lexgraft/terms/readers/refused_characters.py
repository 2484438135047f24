"""Characters that no term may hold: refused by name before anything else sees them."""

import re
import unicodedata
from collections.abc import Iterable

from msgspec.structs import replace

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import (
    ImportOptions,
    in_asked_languages,
    regions_told_apart,
    with_origin,
)
from lexgraft.terms.readers.mojibake import mojibake_of
from lexgraft.terms.readers.status_labels import ranked_terms

_REFUSED = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks and overrides
    "\u2028\u2029"  # line and paragraph separators
    "\ufffd\ufffe\uffff"  # what a wrong encoding leaves behind
    "\ue000-\uf8ff"  # private use: characters of one company's font (外字)
    "\ud800-\udfff\U000e0000-\U000e007f]"  # halves of characters, invisible tags
)
_LOST = "\ufffd"  # the only printable one of those
_LANGUAGE_LEFT = "another language than those asked for"
_KINDS = {"Cc": "a control character", "Co": "a private-use character", "Cs": "half a character"}
_CONTROL_NAMES = {"\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN", "\0": "NULL"}


def refused_character(text: str) -> str:
    """Return the name of the first character that is refused, or nothing."""
    match = _REFUSED.search(text)
    if match is None:
        return ""
    character = match[0]
    kind = _KINDS.get(unicodedata.category(character), "no character")
    name = unicodedata.name(character, "") or _CONTROL_NAMES.get(character, kind)
    return f"U+{ord(character):04X} {name}"


def with_clean_texts(
    line: int, concept: Concept, options: ImportOptions, tally: ImportLog
) -> Concept | None:
    """Return a concept with its texts in the languages asked for that have no refused character.

    None where no term remains. What is taken away is counted; a definition is put on one line.
    """
    simple = not options.languages and not concept.definitions  # nearly all of a large file
    if simple and _are_clean(concept.terms):
        return with_origin(_in_its_languages(concept, options, tally), options)
    terms = tuple(
        term for term in concept.terms if _is_taken(line, term, concept.id, options, tally)
    )
    definitions: dict[str, str] = {}
    for language, text in concept.definitions.items():
        if options.wants(language):
            plain = " ".join(text.split())
            if fault := fault_of(plain):
                tally.refuse_text(line, f"{fault} in a definition", plain, concept.id)
            else:
                definitions[language] = plain
    if not terms:
        return None
    if len(terms) < len(concept.terms) or definitions != concept.definitions:
        concept = replace(concept, terms=terms, definitions=definitions)
    return with_origin(_in_its_languages(concept, options, tally), options)


def fault_of(text: str) -> str:
    """Return why a text cannot be taken: a refused character, or one encoding read as another."""
    if fault := refused_character(text):
        return fault
    before = mojibake_of(text)
    return f"UTF-8 that was read as something else (it was {before[:40]!r})" if before else ""


def _in_its_languages(concept: Concept, options: ImportOptions, tally: ImportLog) -> Concept:
    """Return a concept under the languages asked for, regions where they tell something apart."""
    plain = concept if tally.keeps_regions else regions_told_apart(concept, tally.apart)
    asked = in_asked_languages(plain, options)
    return asked if asked is concept else replace(asked, terms=ranked_terms(asked.terms))


def _are_clean(terms: Iterable[Term]) -> bool:
    """Tell, fast, most terms that have nothing refused in them and are not empty."""
    for term in terms:
        text = term.text
        if not text.isprintable() or _LOST in text or not text or text.isspace():
            return False
        if not text.isascii() and mojibake_of(text):
            return False
    return True


def _is_taken(
    line: int, term: Term, identifier: str, options: ImportOptions, tally: ImportLog
) -> bool:
    if not options.wants(term.language):
        tally.skip_text(line, _LANGUAGE_LEFT)
        return False
    if fault := fault_of(term.text):
        tally.refuse_text(line, f"{fault} in a term", term.text, identifier)
        return False
    if not term.text.strip():
        tally.refuse_text(line, "a term without text", "", identifier)
        return False
    return True
