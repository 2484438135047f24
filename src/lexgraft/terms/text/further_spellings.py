"""Other ways to write a term, which no folding makes the same: kana, brackets, articles."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import product

_MOST = 16  # further spellings of one term
_MANY = 4  # kanji of verbs in a term, above which not every mixture is made
_BRACKETS = re.compile(r"\s*[(（\[［〔【]([^()（）\[\]［］〔〕【】]*)[)）\]］〕】]")
_ENDING = re.compile(r"(?<=[a-z])\(([a-z]{1,3})\)$")  # file(s)
_ABBREVIATION = re.compile(r"(?=.*[A-Z].*[A-Z])[A-Z0-9][\w.&/\-]{1,9}")
_READING = re.compile(r"[ぁ-ゖァ-ヺー・\s]+")
_HAN = re.compile("[\u3400-\u9fff々]")
_HANGUL_SPACE = re.compile("(?<=[가-힣]) (?=[가-힣])")
_ARABIC = re.compile("[\u0621-\u064a]+")
_ARABIC_SIGNS = re.compile("[\u0640\u064b-\u0652\u0670]")
_ARTICLE, _BEFORE_ARTICLE = "ال", ("وال", "فال", "بال", "كال", "لل")
_HEBREW = re.compile("[\u05d0-\u05ea]")
_HEBREW_PREFIXES = "הובלמשכ"


def has_further_spellings(term: str) -> bool:
    """Tell, fast, the terms that may have any."""
    if term.isascii():
        return "(" in term or "[" in term
    return bool(_may_have().search(term))


def further_spellings(term: str) -> list[str]:
    """Return other ways in which a term is written, the term itself left out.

    >>> further_spellings("取付け"), further_spellings("central processing unit (CPU)")
    (['取り付', '取付', '取り付け'], ['central processing unit', 'CPU'])
    """
    outer = list(_without_brackets(term))
    forms = (form for text in (term, *outer) for form in (text, *_with_other_kana(text)))
    written = (also for form in forms for also in (form, *_joined(form), *_with_article(form)))
    spellings = dict.fromkeys(written)
    spellings.pop(term, None)
    return list(spellings)[:_MOST]


def _without_brackets(term: str) -> Iterator[str]:
    """Yield a term without what stands in brackets; that alone, where it is short for the term.

    An abbreviation of it, or how its kanji are read: what else stands there says which of several
    meanings is meant.
    """
    if ending := _ENDING.search(term):
        yield term[: ending.start()]
        yield term[: ending.start()] + ending[1]
        return
    outside = _BRACKETS.sub("", term).strip()
    if not outside or outside == term.strip():
        return
    yield outside
    for inside in (content.strip() for content in _BRACKETS.findall(term)):
        is_reading = _READING.fullmatch(inside) and _HAN.search(outside)
        if len(inside) > 1 and (_ABBREVIATION.fullmatch(inside) or is_reading):
            yield inside


def _with_other_kana(term: str) -> Iterator[str]:
    """Yield a compound of verbs with other kana after its kanji: 取り付け, 取付け, 取付.

    Two kanji of verbs side by side are such a compound, and one that ends a term of kanji or has
    its kana beside it.
    """
    pieces = _okurigana().split(term)  # text, kanji, kana, text, kanji, kana, …, text
    kanji, kana, between = pieces[1::3], [ending or "" for ending in pieces[2::3]], pieces[::3]
    beside = any(not text for text in between[1:])
    if not kanji or len(_HAN.findall(term)) < 2 or not (any(kana) or beside):
        return
    choices = [_endings_like(sign, written) for sign, written in zip(kanji, kana, strict=True)]
    rows = [[choice[min(rank, len(choice) - 1)] for choice in choices] for rank in range(3)]
    if len(choices) <= _MANY:
        rows += map(list, product(*choices))
    for row in rows:
        pairs = zip(kanji, row, between[1:], strict=True)
        yield between[0] + "".join(sign + ending + text for sign, ending, text in pairs)


def _endings_like(kanji: str, written: str) -> list[str]:
    """Return the endings that say the same as the one that is written: it, longer ones, none."""
    endings = _endings()[kanji]
    ending_meant = written or (endings[0] if endings else "")
    alike = (
        ending
        for ending in endings
        if ending.endswith(ending_meant)
        or ending_meant.endswith(ending)
        or (ending == "っ" and not written)
    )
    return list(dict.fromkeys((written, *alike, "")))


def _joined(term: str) -> Iterator[str]:
    """Yield a Korean compound without the spaces between its words."""
    if _HANGUL_SPACE.search(term):
        yield _HANGUL_SPACE.sub("", term)


def _with_article(term: str) -> Iterator[str]:
    """Yield an Arabic term with and without its article, a Hebrew one with its prefixes."""
    words = _ARABIC_SIGNS.sub("", term).split()
    if words and all(map(_ARABIC.fullmatch, words)):
        plain = [word.removeprefix(_ARTICLE) for word in words]
        yield " ".join(plain)
        yield " ".join(_ARTICLE + word for word in plain)
        yield " ".join([_ARTICLE + plain[0], *plain[1:]])
        rest = "".join(f" {_ARTICLE}{word}" for word in plain[1:])
        yield from (before + plain[0] + rest for before in _BEFORE_ARTICLE)
    elif _HEBREW.match(term):
        yield from (prefix + term for prefix in _HEBREW_PREFIXES)


@cache
def _endings() -> dict[str, tuple[str, ...]]:
    """Return the kana that may follow each kanji of a verb in a compound."""
    text = (files("lexgraft.terms.text") / "okurigana.txt").read_text(encoding="utf-8")
    words = [word for line in text.splitlines() if line[:1] != "#" for word in line.split()]
    return {word[0]: tuple(filter(None, word[1:].split(","))) for word in words}


@cache
def _okurigana() -> re.Pattern[str]:
    """Return the pattern of a kanji of a verb, with the kana that stand behind it, if any."""
    return re.compile(f"({'|'.join(_endings())})(?:({'|'.join(_all_endings())})(?![ぁ-ゖ]))?")


@cache
def _all_endings() -> tuple[str, ...]:
    known_endings = {ending for endings in _endings().values() for ending in endings}
    return tuple(sorted(known_endings, key=lambda ending: (-len(ending), ending)))


@cache
def _may_have() -> re.Pattern[str]:
    return re.compile(
        f"[(（\\[［〔【{''.join(_endings())}\u0621-\u064a\u05d0-\u05ea]|(?<=[가-힣]) "
    )
