"""Korean particles: 은/는, 이/가, 을/를, 으로/로 by the sound that the word before them ends in."""

import re

_CHOICE = re.compile(r"\[([가-힣]+)/([가-힣]+)\]")
_BEHIND = "\"'”’»)）」』】› "
_FIRST, _LAST, _FINALS = 0xAC00, 0xD7A3, 28
_RIEUL = 8  # the final consonant ㄹ, before which 으 falls away
_DIGITS = dict(zip("0123456789", (21, 8, 0, 16, 0, 0, 1, 8, 8, 0), strict=True))
"""Digit → final consonant of its Sino-Korean name: 영 일 이 삼 사 오 육 칠 팔 구."""


def with_particles(before: str, piece: str) -> str:
    """Return a piece of text, which goes behind another, with each `[은/는]` as it is said there.

    After a word that is not written in Hangul both stand, as Korean writes them: 은(는).

    >>> with_particles("펌프", "[은/는]"), with_particles("베어링", "[을/를]")
    ('는', '을')
    >>> with_particles("'밸브 3'", "[으로/로]"), with_particles("valve", "[을/를]")
    ('으로', '을(를)')
    >>> with_particles("1", "[으로/로]"), with_particles("valve", "[으로/로]")
    ('로', '(으)로')
    """

    def particle(choice: re.Match[str]) -> str:
        return _said(before + piece[: choice.start()], choice[1], choice[2])

    return _CHOICE.sub(particle, piece)


def _said(before: str, consonant: str, vowel: str) -> str:
    """Return the form after a consonant or after a vowel, both where the sound is not known."""
    final = _final(before.rstrip(_BEHIND)[-1:])
    if final is None:
        short = consonant.removesuffix(vowel)
        return f"({short}){vowel}" if short != consonant else f"{consonant}({vowel})"
    soft = final == _RIEUL and consonant.startswith("으")
    return vowel if final == 0 or soft else consonant


def _final(letter: str) -> int | None:
    """Return the number of a syllable's final consonant, 0 for none; None where nobody knows."""
    if letter and _FIRST <= ord(letter) <= _LAST:
        return (ord(letter) - _FIRST) % _FINALS
    return _DIGITS.get(letter)
