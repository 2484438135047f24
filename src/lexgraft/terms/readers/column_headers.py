"""What a column's header says it holds, and in which language; with the reason, and how sure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from unicodedata import normalize

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.errors import LexgraftError, nearest
from lexgraft.terms.readers.header_words import ROLES, role_of
from lexgraft.terms.text import language_data
from lexgraft.terms.text.language_tags import (
    known_language,
    language_of_name,
    tag_in_words,
    tag_of_code,
)

READING = "ja-Hrkt"  # kana
IN_A_LANGUAGE = frozenset(
    {"term", "synonyms", "forbidden", "definition", "status", "approved", "part_of_speech", "note"}
    | {"sentence", "rarity"}
)
TERMS = frozenset({"term", "synonyms", "forbidden"})
"""Roles of columns that hold terms."""

_COMMON = frozenset(
    [
        "en",
        "ja",
        "de",
        "fr",
        "es",
        "zh",
        "ko",
        "ru",
        "nl",
        "pl",
        "sv",
        "da",
        "fi",
        "cs",
        "hu",
        "el",
        "tr",
        "uk",
        "ar",
        "he",
        "hi",
        "vi",
        "th",
    ]
)
PLAIN_CODES = _COMMON | {
    "it",
    "pt",
    "ro",
    "bg",
    "sk",
    "sl",
    "hr",
    "sr",
    "lt",
    "lv",
    "et",
    "fa",
}
_WIDESPREAD = PLAIN_CODES | {
    *("af", "az", "be", "br", "bs", "ca", "cy", "eo", "eu", "fo", "fy", "ga", "gd", "gl", "ha"),
    *("id", "ig", "is", "ka", "kk", "kl", "la", "lb", "mi", "mk", "mn", "ms", "nb", "nn", "no"),
    *("oc", "rm", "sq", "sw", "tl", "uz", "xh", "yo", "zu"),
}
"""Codes that mean a language where another stands beside them, and hardly anything else."""
_OF_CONCEPTS = frozenset({"id", "broader"})
_COUNTRIES = frozenset({"jp", "kr", "cn", "tw", "hk", "us", "gb", "cz", "gr", "dk", "vn", "mx"})
_WORDS_BETWEEN = frozenset(
    {"in", "of", "the", "en", "de", "du", "la", "el", "auf", "for", "der", "em", "w", "на"}
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN = re.compile(r"[\s_():\[\]{}<>/.,;|\-–—・·、「」『』【】*＊]+|の|的")
_NUMBERED = re.compile(r"(.+?)[\s_#(]*(\d{1,2})[)]?")


class ColumnMeaning(Struct, frozen=True):
    """What a column holds, in which language ("" where it has none or the row says), and why."""

    role: str = ""  # one of ROLES; "" where it is not known
    language: str = ""
    reason: str = ""
    doubt: str = ""  # why this is not safe, where it is not
    number: int = 0  # of several columns that are numbered

    @property
    def name(self) -> str:
        """Return the meaning as `--column` takes it."""
        language = "" if self.role == "reading" else self.language
        return f"{self.role} {language}".strip() if self.role else "ignore"


def given_meanings(columns: Mapping[str, str]) -> dict[str, ColumnMeaning]:
    """Return what the user says of columns, by header or number.

    Raises:
        LexgraftError: a meaning, or a language in one, that is not known.
    """
    return {header.strip(): _given(header, meaning) for header, meaning in columns.items()}


def _given(header: str, meaning: str) -> ColumnMeaning:
    role, _, language = normalize("NFKC", meaning).strip().partition(" ")
    if role not in ROLES and role:
        raise LexgraftError(
            f"unknown meaning `{meaning}` of the column `{header}`",
            where="columns",
            cure=f"write one with a language, e.g. `term ja`; {nearest(role, ROLES)}",
        )
    tag = known_language(language)
    if language and not tag:
        raise LexgraftError(
            f"unknown language `{language}` of the column `{header}`",
            where="columns",
            cure="write its tag (BCP 47), e.g. `ja`, `pt-BR`, `zh-Hant`",
        )
    return ColumnMeaning(role or "ignore", _language_for(role, tag), "as you say")


def meanings_of(headers: Sequence[str]) -> list[ColumnMeaning]:
    """Return what a row of headers says, each beside the others.

    `source` and `target` are terms where both stand; a rare code of two letters (`IT`, `MT`) is a
    language only among others.
    """
    meanings = [_meaning(header.strip()) for header in headers]
    sides = [_side_of_pair(header) for header in headers]
    words = [word for word, _ in sides]
    for pair in (("source", "target"), ("quelle", "ziel"), ("source", "cible")):
        if all(words.count(word) == 1 for word in pair):
            for word in pair:
                where = words.index(word)
                tag = sides[where][1]
                meanings[where] = ColumnMeaning("term", tag, f"`{headers[where]}` of a pair")
    return _with_codes_sure(headers, meanings)


def _side_of_pair(header: str) -> tuple[str, str]:
    """Return the word of a header and the language beside it, if any: `Source (en)`."""
    words = _words(header)[:LONGEST_HEADER]
    tag = _language_within("-".join(words[1:])) if len(words) > 1 else ""
    return (words[0], tag) if tag else (language_data.folded(header), "")


def _with_codes_sure(
    headers: Sequence[str], meanings: Sequence[ColumnMeaning]
) -> list[ColumnMeaning]:
    """Return meanings in which rare codes are sure that others stand beside: `hr` beside `sr`.

    Those of three letters need others of three: `lit` beside `en` may be for literature.
    """
    codes = [
        position for position, column in enumerate(meanings) if column.reason.startswith(_CODE)
    ]
    lengths = {position: len(headers[position].strip()) for position in codes}
    is_usual = {
        position: meanings[position].language.partition("-")[0] in _WIDESPREAD for position in codes
    }
    sure = [
        position
        for position in codes
        if meanings[position].doubt == _RARE_CODE
        and (
            is_usual[position] or language_data.is_in_script_of_its_own(meanings[position].language)
        )
        and any(
            neighbour != position
            and (
                (lengths[neighbour] == _LONG_CODE and not meanings[neighbour].doubt)
                if lengths[position] == _LONG_CODE
                else is_usual[neighbour] or not meanings[neighbour].doubt
            )
            for neighbour in codes
        )
    ]
    return [
        replace(column, doubt="") if position in sure else column
        for position, column in enumerate(meanings)
    ]


_LONG_CODE = 3  # letters
LONGEST_HEADER = 200  # characters; every way to part a text in two is looked at
_CODE = "the code of a language"
_RARE_CODE = "the code of a language, or an abbreviation of something else"


def _meaning(text: str) -> ColumnMeaning:
    """Return what one header says by itself."""
    if not text:
        return ColumnMeaning(reason="no header")
    if len(text) > LONGEST_HEADER:
        return ColumnMeaning(reason="longer than a header")
    for read in (_as_option, _as_role, _as_language, _as_both, _as_several_words, _as_numbered):
        if meanings := read(text):
            return meanings
    return _as_part(text) or ColumnMeaning(reason="no known word")


def _as_option(text: str) -> ColumnMeaning | None:
    """Return a column whose header is a meaning as `--column` takes it: `note nl`."""
    role, _, language = text.partition(" ")
    tag = tag_of_code(language) if role in IN_A_LANGUAGE else ""
    return ColumnMeaning(role, tag, "written as `--column` takes it") if tag else None


def _as_role(text: str) -> ColumnMeaning | None:
    if text in {"No", "NO.", "№", "No．"}:
        return ColumnMeaning("id", "", "a number")
    word = role_of(text)
    if word is None:
        return None
    what = "a word for what is no term" if word.role == "ignore" else "a word for it"
    return ColumnMeaning(word.role, _language_for(word.role, ""), f"{what} ({word.language})")


def _as_language(text: str) -> ColumnMeaning | None:
    """Return a column of terms whose header is a language."""
    folded = language_data.folded(text).replace("_", "-")
    if language_data.is_region(folded) and folded in _COUNTRIES:
        tag = tag_of_code(f"{language_data.region_language(folded)}-{folded}")
        return ColumnMeaning("term", _of_country(folded, tag), "the code of a country")
    _, _, behind = folded.partition("-")
    if behind and role_of(behind):  # `EN_status`, `de_usage`: a tag only by its letters
        return None
    if tag := tag_in_words(folded):
        return ColumnMeaning("term", tag, f"{_CODE}", _doubt_of_code(folded, tag))
    if tag := language_of_name(folded):
        short = folded.isascii() and len(folded) <= 4 and tag not in _COMMON
        return ColumnMeaning("term", tag, "the name of a language", "a short word" if short else "")
    if tag := language_data.single_character(folded):
        return ColumnMeaning("term", tag, "one character for a language", "one character")
    return None


def _of_country(code: str, tag: str) -> str:
    """Return the language alone but where countries share it, as English or Chinese."""
    return tag if code in {"us", "gb", "tw", "hk", "cn", "mx"} else tag.partition("-")[0]


def _doubt_of_code(code: str, tag: str) -> str:
    language, *further = tag.split("-")
    regions = [token for token in further if len(token) == 2]
    if regions and not language_data.is_spoken_in(language, regions[0]):
        return f"two codes, or `{language}` in the region {regions[0]}"
    if "-" in code or tag in _COMMON:
        return "" if len(code) != 3 or code not in {"may", "per"} else _RARE_CODE
    return "machine translation, or Maltese" if code == "mt" else _RARE_CODE


def _as_both(text: str) -> ColumnMeaning | None:
    """Return a column whose header names a role and a language, either first."""
    for role_name, language_name in _halves(text):
        word, language = role_of(role_name), _language_within(language_name)
        if word is not None and language and word.role == "same_as":
            return ColumnMeaning("ignore", "", "a rule of matching")  # `Exact Match (en-US)`
        if word is not None and language and word.role not in _OF_CONCEPTS:
            reason = f"`{role_name}` and `{language_name}`"
            role = "term" if word.role == "language" else word.role  # `lang:de`
            tag = language if role in IN_A_LANGUAGE else ""
            return ColumnMeaning(role, _language_for(role, tag), reason)
    return None


def _language_within(text: str) -> str:
    """Return the language that a part of a header names: no country, no single rare code."""
    if text in _COUNTRIES:
        return _of_country(text, tag_of_code(f"{language_data.region_language(text)}-{text}"))
    tag = tag_in_words(text)
    if tag and (text in PLAIN_CODES or "-" in text or (len(text) == 3 and tag in _COMMON)):
        return tag
    name = language_of_name(text)
    return name or language_data.single_character(text)


def _halves(text: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to see a header as a role and a language, either first."""
    words = _words(text)
    for tokens in (words, [word for word in words if word not in _WORDS_BETWEEN]):
        for cut in range(1, len(tokens)):
            for first, second in ((tokens[:cut], tokens[cut:]), (tokens[cut:], tokens[:cut])):
                for joint in ("-", " "):
                    yield " ".join(first), joint.join(second)
    if not text.isascii():  # written without spaces: 英訳, 日本語名
        whole = "".join(words)
        for cut in range(1, len(whole)):
            for first, second in ((whole[cut:], whole[:cut]), (whole[:cut], whole[cut:])):
                if not (second.isascii() and second not in _COMMON):
                    yield first, second


def _words(text: str) -> list[str]:
    spaced = _CAMEL.sub(" ", normalize("NFKC", text))
    return [word for word in _BETWEEN.split(language_data.folded(spaced)) if word]


def _as_several_words(text: str) -> ColumnMeaning | None:
    """Return a column whose header says one role in several words: `定義・説明`, `Term / 用語`."""
    words = [role_of(word) for word in _words(text)]
    roles = {word.role for word in words if word}
    if len(words) > 1 and None not in words and len(roles) == 1:
        role = roles.pop()
        return ColumnMeaning(role, _language_for(role, ""), "words for it")
    return None


def _as_numbered(text: str) -> ColumnMeaning | None:
    """Return a column that is one of several: `English 2`, `同義語1`; later terms are synonyms."""
    match = _NUMBERED.fullmatch(normalize("NFKC", text))
    inner = _meaning(match[1]) if match and match[1].strip() else None
    if match is None or inner is None or not inner.role:
        return None
    number = int(match[2])
    role = "synonyms" if inner.role == "term" and number > 1 else inner.role
    return replace(inner, role=role, number=number, reason=f"{inner.reason}, number {number}")


def _as_part(text: str) -> ColumnMeaning | None:
    """Return a column of whose header a part is understood: never safe."""
    words = _words(text)
    languages = [tag for word in words if (tag := _language_within(word) or tag_in_words(word))]
    if len(words) > 1 and len(languages) == len(words):
        doubt = f"it names several languages: {', '.join(languages)}"
        return ColumnMeaning("", languages[-1], "codes of languages", doubt)
    if len(words) > 1 and len(languages) == 1:
        doubt = f"it names `{languages[0]}`, but not what it holds"
        return ColumnMeaning("", languages[0], "a language and another word", doubt)
    ends = [text[cut:] for cut in range(1, len(text))] if not text.isascii() else []
    tail = next((word for end in ends if (word := role_of(end))), None)
    if tail and tail.role in TERMS:
        return ColumnMeaning("", "", f"it ends like {tail.role}", f"it ends like `{tail.role}`")
    return None


def _language_for(role: str, tag: str) -> str:
    return READING if role == "reading" else tag
