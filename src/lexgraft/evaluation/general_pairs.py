"""General ability: generated sentences of which one is grammatical, in English and Japanese."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lexgraft.models import OptionScore, Question
from lexgraft.records import digest
from lexgraft.stats.intervals import Interval, wilson


class MinimalPair(NamedTuple):
    """Two sentences that differ in what makes one of them wrong."""

    language: str
    phenomenon: str
    good: str
    bad: str


class _Draw:
    """Choices keyed by seed, phenomenon and number: the same pairs whatever else is generated."""

    def __init__(self, *key: object) -> None:
        self._key, self._taken = key, 0

    def choose(self, words: Sequence[str]) -> str:
        """Return one of the words."""
        self._taken += 1
        return words[int(digest(*self._key, self._taken), 16) % len(words)]


_PEOPLE = (
    "teacher",
    "student",
    "driver",
    "lawyer",
    "farmer",
    "singer",
    "doctor",
    "painter",
    "baker",
    "officer",
    "writer",
    "customer",
)
_THINGS = (
    "table",
    "book",
    "window",
    "letter",
    "garden",
    "bottle",
    "picture",
    "chair",
    "ticket",
    "basket",
    "lamp",
    "bridge",
)
_VERBS = ("walk", "sing", "sleep", "travel", "wait", "smile", "listen", "work", "laugh", "read")
_PLACES = ("near", "behind", "beside", "in front of")
_MEN, _WOMEN = ("king", "uncle", "boy", "brother"), ("queen", "aunt", "girl", "sister")
_REGULAR = ("walk", "wait", "listen", "work", "laugh")
_PAST = ("admired", "blamed", "helped", "praised", "described", "watched")


def _agreement(draw: _Draw) -> tuple[str, str]:
    head, preposition = draw.choose(_PEOPLE), draw.choose(_PLACES)
    attractor, verb = draw.choose(_THINGS), draw.choose(_VERBS)
    many = draw.choose(("", "s")) == "s"
    start = f"The {head}{'s' * many} {preposition} the {attractor}{'s' * (not many)}"
    good, bad = (verb, f"{verb}s") if many else (f"{verb}s", verb)
    return f"{start} {good} every day.", f"{start} {bad} every day."


def _determiner(draw: _Draw) -> tuple[str, str]:
    person, verb, noun = draw.choose(_PEOPLE), draw.choose(_PAST), draw.choose(_THINGS)
    good, bad = draw.choose(("this these", "that those", "these this", "those that")).split()
    ending = "s" * (good in ("these", "those"))
    return (
        f"The {person} {verb} {good} {noun}{ending}.",
        f"The {person} {verb} {bad} {noun}{ending}.",
    )


def _anaphor(draw: _Draw) -> tuple[str, str]:
    male = draw.choose("ab") == "a"
    person, verb = draw.choose(_MEN if male else _WOMEN), draw.choose(_PAST)
    good, bad = ("himself", "herself") if male else ("herself", "himself")
    return f"The {person} {verb} {good}.", f"The {person} {verb} {bad}."


def _polarity(draw: _Draw) -> tuple[str, str]:
    person, verb = draw.choose(_PEOPLE), draw.choose(_REGULAR)
    return f"No {person} has ever {verb}ed here.", f"The {person} has ever {verb}ed here."


def _tense(draw: _Draw) -> tuple[str, str]:
    person, verb = draw.choose(_PEOPLE), draw.choose(_REGULAR)
    time = draw.choose(("yesterday", "last week", "two years ago"))
    return f"The {person} {verb}ed {time}.", f"The {person} {verb}s {time}."


_JA_PEOPLE = ("先生", "学生", "運転手", "弁護士", "医者", "母", "兄", "店員", "社長", "友達")
_TRANSITIVE = (
    ("ドア", "開けた", "開いた"),
    ("電気", "消した", "消えた"),
    ("窓", "閉めた", "閉まった"),
    ("会議", "始めた", "始まった"),
    ("車", "止めた", "止まった"),
    ("鍵", "壊した", "壊れた"),
    ("予定", "変えた", "変わった"),
    ("箱", "落とした", "落ちた"),
)
_COUNTED = (
    ("本", "冊", "枚"),
    ("紙", "枚", "冊"),
    ("犬", "匹", "冊"),
    ("車", "台", "匹"),
    ("鉛筆", "本", "枚"),
    ("学生", "人", "台"),
    ("切手", "枚", "人"),
    ("猫", "匹", "台"),
)
_NUMBERS = ("二", "三", "四", "五")
_TIMES = (("昨日", "明日"), ("先週", "来週"), ("去年", "来年"), ("先月", "来月"))
_ICHIDAN = ("食べ", "見", "寝", "起き", "調べ", "伝え", "覚え", "忘れ")
_GODAN = (
    ("書", "か", "い", "く"),
    ("読", "ま", "ん", "む"),
    ("飲", "ま", "ん", "む"),
    ("話", "さ", "し", "す"),
    ("待", "た", "っ", "つ"),
    ("帰", "ら", "っ", "る"),
)


def _case(draw: _Draw) -> tuple[str, str]:
    person, number = draw.choose(_JA_PEOPLE), int(draw.choose("01234567"))
    noun, does, _ = _TRANSITIVE[number]
    return f"{person}が{noun}を{does}。", f"{person}を{noun}が{does}。"


def _transitivity(draw: _Draw) -> tuple[str, str]:
    person, number = draw.choose(_JA_PEOPLE), int(draw.choose("01234567"))
    noun, does, happens = _TRANSITIVE[number]
    return f"{person}は{noun}を{does}。", f"{person}は{noun}を{happens}。"


def _counter(draw: _Draw) -> tuple[str, str]:
    noun, right, wrong = _COUNTED[int(draw.choose("01234567"))]
    number, verb = draw.choose(_NUMBERS), draw.choose(("見た", "数えた", "描いた"))
    start = f"{draw.choose(_JA_PEOPLE)}は{noun}を{number}"
    return f"{start}{right}{verb}。", f"{start}{wrong}{verb}。"


def _conjugation(draw: _Draw) -> tuple[str, str]:
    person = draw.choose(_JA_PEOPLE)
    if draw.choose("ab") == "a":
        stem = draw.choose(_ICHIDAN)
        return f"{person}はまだ{stem}ない。", f"{person}はまだ{stem}らない。"
    stem, negative, _, plain = _GODAN[int(draw.choose("012345"))]
    return f"{person}はまだ{stem}{negative}ない。", f"{person}はまだ{stem}{plain}ない。"


def _past(draw: _Draw) -> tuple[str, str]:
    person, stem = draw.choose(_JA_PEOPLE), draw.choose(_ICHIDAN)
    before, after = _TIMES[int(draw.choose("0123"))]
    return f"{person}は{before}よく{stem}ました。", f"{person}は{after}よく{stem}ました。"


def _honorific(draw: _Draw) -> tuple[str, str]:
    guest = draw.choose(("お客様", "社長", "先生", "部長"))
    verb = draw.choose(
        (
            "おっしゃいました 申しました",
            "召し上がりました いただきました",
            "いらっしゃいました 参りました",
            "ご覧になりました 拝見しました",
        )
    )
    good, bad = verb.split()
    return f"{guest}がそのように{good}。", f"{guest}がそのように{bad}。"


_GRAMMARS: dict[str, dict[str, Callable[[_Draw], tuple[str, str]]]] = {
    "en": {
        "agreement across a noun": _agreement,
        "determiner and noun": _determiner,
        "reflexive": _anaphor,
        "negative polarity": _polarity,
        "tense and time": _tense,
    },
    "ja": {
        "case particles": _case,
        "transitive verbs": _transitivity,
        "counters": _counter,
        "conjugation": _conjugation,
        "tense and time": _past,
        "honorifics": _honorific,
    },
}


def minimal_pairs(languages: Sequence[str], count: int, seed: int) -> list[MinimalPair]:
    """Return `count` different pairs per phenomenon of the languages that have a grammar.

    After BLiMP (Warstadt et al. 2020, arXiv 1912.00582) and JBLiMP (Someya and Oseki 2023), from
    small grammars of our own; fewer where a grammar makes fewer.
    """
    pairs: dict[MinimalPair, None] = {}
    for language in languages:
        for phenomenon, make in _GRAMMARS.get(language, {}).items():
            of_phenomenon: dict[MinimalPair, None] = {}
            for number in range(4 * count):
                if len(of_phenomenon) < count:
                    pair = make(_Draw(seed, language, phenomenon, number))
                    of_phenomenon[MinimalPair(language, phenomenon, *pair)] = None
            pairs.update(of_phenomenon)
    return list(pairs)


def pair_questions(pairs: Sequence[MinimalPair]) -> list[Question]:
    """Return one question per pair: both sentences as options after an empty context."""
    return [("", (pair.good, pair.bad)) for pair in pairs]


def pair_scores(
    pairs: Sequence[MinimalPair], scores: Sequence[Sequence[OptionScore]]
) -> dict[str, Interval]:
    """Return, per `language/phenomenon` and per language, the share of pairs judged right."""
    right: dict[str, list[bool]] = {}
    for pair, (good, bad) in zip(pairs, scores, strict=True):
        for group in (pair.language, f"{pair.language}/{pair.phenomenon}"):
            right.setdefault(group, []).append(good.loglik > bad.loglik)
    return {group: wilson(sum(ok), len(ok)) for group, ok in sorted(right.items())}
