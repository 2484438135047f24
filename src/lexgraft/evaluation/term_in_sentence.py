"""A term within a sentence: where it stands as a word of its own, and whether it is the answer."""

import re
import unicodedata
from collections.abc import Iterable

from lexgraft.terms.glossary.term_matcher import Matcher
from lexgraft.terms.text.spelling_keys import EDGE_MARKS

SENTENCE_END = re.compile(r"[。．！？]|[.!?](?=\s)")
WHOLE = 3  # characters of a kanji word that another may follow: 糖尿病患者, but not 弁座 for 弁
TAIL = 8  # signs that may follow the word that ends a Japanese sentence: と呼ばれます
_DETERMINERS = frozenset("各同本該諸")  # before a kanji word they make no other word of it
_LISTED = frozenset("、,，・/／;；")
_PAIRED = '「」『』“”""**``«»‹›„“‘’__《》【】'
_MARKS = tuple(zip(_PAIRED[::2], _PAIRED[1::2], strict=True))
_TOPIC = re.compile(
    r"\s*(?:は|とは|という|といい|と言|と呼|是|指|은|는|이란|란|[—–:：]|"
    r"(?:is|are|ist|sind|est|sont|es|son|è|sono|é|são|zijn)\b)"
)
_WHERE = re.compile(r"\s+(?:in|en|em|auf|op|по|po|w|на)\s+\S+$")  # … in English
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|no|never|nicht|keine?|pas|não|non|niet|geen|nie|не|нет)\s+(?:\w{1,5}\s+)?"
    r"|不是|并非|並非)[\"'「『“„«‹‘*_`]*$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(r"[」』”\"'’»›*_`]*(?:では?な|じゃな|とは限|以外|가 아|이 아)")


def sentence_of(text: str) -> str:
    """Return the first sentence of the first line that is not blank."""
    line = line_of(text)
    end = SENTENCE_END.search(line)
    return line[: end.start()] if end else line


def line_of(text: str) -> str:
    """Return the first line with more than marks in it, composed (NFC)."""
    lines = (unicodedata.normalize("NFC", line) for line in text.split("\n"))
    return next((line for line in lines if line.strip(EDGE_MARKS)), "")


def places(text: str, names: Iterable[str]) -> list[tuple[int, int]]:
    """Return where any of the names stands in a text as a word of its own.

    Spellings that differ by convention are one. Scripts with spaces have their words' edges. In a
    Japanese text a kanji or katakana word that something of the kind stands before is the end of
    another, narrower word, and one that katakana, or after one or two kanji any kanji, follow is
    the beginning of another. Chinese has no such edges: there a term counts wherever it stands.

    >>> places("急性腎炎の患者", ["腎炎"]), places("これは腎炎である", ["腎炎"])
    ([], [(3, 5)])
    """
    japanese = any(_script(sign) == "kana" for sign in text)
    matches = Matcher((name, name) for name in names).find(text)
    return [
        (match.start, match.end)
        for match in matches
        if not (japanese and _within_a_word(text, match.start, match.end))
    ]


def begins_with(text: str, names: Iterable[str]) -> bool:
    """Return whether a text goes on with one of the names, marks apart.

    >>> begins_with("「腎炎」について述べている", ["腎炎"]), begins_with("この腎炎", ["腎炎"])
    (True, False)
    """
    line = line_of(text)
    start = len(line) - len(line.lstrip(EDGE_MARKS))
    return any(first == start for first, _ in places(line, names))


def is_answer_in(text: str, names: Iterable[str]) -> bool:
    """Return whether the first sentence of an answer gives one of the names as what is asked for.

    It does so where the name is marked out (「…」, "…", **…**), ends the sentence but for a few
    words, or begins it as what is spoken of. A name in a list, denied, in the middle of a sentence,
    or in a line of data (a copied glossary entry) is none.

    >>> is_answer_in("The Japanese term is 「腎炎」.", ["腎炎"])
    True
    >>> is_answer_in("腎炎の患者が増えているので注意が必要", ["腎炎"])
    False
    """
    sentence = sentence_of(text)
    if sentence.lstrip().startswith(("{", "<<", "[")):
        return False
    return any(_is_given(sentence, *place) for place in places(sentence, names))


def _is_given(sentence: str, start: int, end: int) -> bool:
    """Return whether the word at a place is what the sentence answers with."""
    before, after = sentence[:start], sentence[end:]
    if _DENIED_BEFORE.search(before) or _DENIED_AFTER.match(after):
        return False
    marked = any(before.endswith(left) and after.startswith(right) for left, right in _MARKS)
    outside = (before.rstrip(EDGE_MARKS.replace("、", "")), after.lstrip("」』”\"'’»›*_`》】 "))
    if (outside[0][-1:] in _LISTED and not _is_clause(before)) or outside[1][:1] in _LISTED:
        return False
    if _script(after[:1]) == "han" == _script(sentence[end - 1]):  # 心筋層 is not 心筋
        return False
    tail = after.strip(EDGE_MARKS)
    spaced = tail[:1] and _script(tail[0]) not in ("kana", "han")
    ends = bool(_WHERE.match(after.rstrip(EDGE_MARKS))) if spaced else len(tail) <= TAIL
    begins = not before.strip(EDGE_MARKS) and bool(_TOPIC.match(after))
    return marked or ends or begins


def _is_clause(before: str) -> bool:
    """Return whether what stands before a comma is more than a word, as in 答えは、."""
    return len(before.strip(EDGE_MARKS)) > 1 and before.rstrip('「『“" ').endswith(
        ("は、", "で、", "では、")
    )


def _within_a_word(text: str, start: int, end: int) -> bool:
    """Return whether a Japanese word goes on before or behind a place, so that it is another."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    first, last = _script(text[start]), _script(text[end - 1])
    if first in ("han", "katakana") and _script(before) in ("han", "katakana"):
        return before not in _DETERMINERS
    if last == "katakana" and _script(after) == "katakana":
        return True
    return last == "han" and _script(after) == "han" and end - start < WHOLE


def _script(sign: str) -> str:
    """Return han, katakana, kana (hiragana) or another."""
    if not sign:
        return ""
    if sign in "々〆ヶ":
        return "han"
    name = unicodedata.name(sign, "")
    if name.startswith("CJK UNIFIED"):
        return "han"
    if name.startswith(("KATAKANA LETTER", "KATAKANA-HIRAGANA", "HALFWIDTH KATAKANA LETTER")):
        return "katakana"
    return "kana" if name.startswith("HIRAGANA LETTER") else "other"
