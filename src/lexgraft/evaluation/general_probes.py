"""General ability: small tasks that a broken model fails: copying, counting, format, language."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from lexgraft.evaluation.output_language import in_language, repeats
from lexgraft.records import digest
from lexgraft.stats.intervals import Interval, wilson

Task = Literal[
    "copying",
    "counting",
    "looking up",
    "instruction format",
    "staying in language",
    "stopping",
]
TOKENS = 24
"""Tokens that a probe's answer may take; answers are asked for without a stop text."""
EACH = 8  # probes per task and language

_WORDS = {
    "en": (
        "river",
        "stone",
        "apple",
        "window",
        "garden",
        "paper",
        "cloud",
        "bridge",
        "yellow",
        "mountain",
        "seven",
        "music",
    ),
    "ja": ("川", "石", "林檎", "窓", "庭", "紙", "雲", "橋", "黄色", "山", "音楽", "机"),
}
_OPENINGS = {
    "en": (
        "In the morning she walked to the",
        "The weather today is",
        "My brother works in a",
        "There are many books in the",
        "Last summer we travelled to",
        "He opened the door and",
        "The children were playing in",
        "It is important to drink",
    ),
    "ja": (
        "朝、彼女は駅まで",
        "今日の天気は",
        "私の兄は会社で",
        "図書館には本が",
        "去年の夏、私たちは",
        "彼はドアを開けて",
        "子どもたちは公園で",
        "水を飲むことは",
    ),
}
_COPY = {
    "en": ("Text: {}\nCopy: ", "Text: {}\nCopy: {}\n\n"),
    "ja": ("文：{}\n写し：", "文：{}\n写し：{}\n\n"),
}
_COUNT = {"en": "{}, {}, {}, {}, ", "ja": "{}、{}、{}、{}、"}
_CHOOSE = {
    "en": "Which is larger, {} or {}? Answer with one of the two words and nothing else.\nAnswer: ",
    "ja": "{}と{}ではどちらが大きいですか。どちらか一語だけで答えてください。\n答え：",
}
_PAIR = {"en": ("{} = {}\n", "{} = "), "ja": ("{}＝{}\n", "{}＝")}


class GeneralProbe(NamedTuple):
    """One prompt, and what its answer must begin with (empty: judged by its form alone)."""

    task: Task
    language: str
    prompt: str
    expected: str = ""
    choices: tuple[str, ...] = ()  # or: its first line must be one of these, right or not


def probes(languages: Sequence[str], seed: int) -> list[GeneralProbe]:
    """Return the probes of the languages that have some (English, Japanese), fixed by the seed."""
    return [
        probe
        for language in languages
        if language in _WORDS
        for number in range(EACH)
        for probe in _of(language, number, seed)
    ]


def _of(language: str, number: int, seed: int) -> list[GeneralProbe]:
    words = _drawn(language, number, seed)
    space = " " if language == "en" else ""
    ask, shot = _COPY[language]
    lines = [space.join(words[start : start + 3]) for start in (0, 3, 6)]
    first = 2 + number * 3
    row, query = _PAIR[language]
    table = "".join(row.format(words[start], words[start + 4]) for start in range(4))
    opening = _OPENINGS[language][number % len(_OPENINGS[language])]
    shots = "".join(shot.format(line, line) for line in lines[:2])
    choose = _CHOOSE[language]
    examples = "".join(
        choose.format(*words[start : start + 2]) + words[start] + "\n\n" for start in (0, 2)
    )
    return [
        GeneralProbe("copying", language, shots + ask.format(lines[2]).rstrip(), lines[2]),
        GeneralProbe(
            "counting",
            language,
            _COUNT[language].format(*range(first, first + 4)).rstrip(),
            str(first + 4),
        ),
        GeneralProbe(
            "looking up",
            language,
            (table + query.format(words[number % 4])).rstrip(),
            words[number % 4 + 4],
        ),
        GeneralProbe(
            "instruction format",
            language,
            examples + choose.format(*words[4:6]).rstrip(),
            choices=tuple(words[4:6]),
        ),
        GeneralProbe("staying in language", language, opening),
        GeneralProbe("stopping", language, shots + ask.format(lines[2]).rstrip()),
    ]


def _drawn(language: str, number: int, seed: int) -> list[str]:
    return sorted(_WORDS[language], key=lambda word: digest("probe", seed, number, word))


def passed(probe: GeneralProbe, answer: str) -> bool:
    """Return whether an answer does what its probe asks for.

    Staying in language also means not to run into a loop; stopping, to end the line in time;
    the instructed format, to say one of the two words and nothing else.
    """
    if probe.task == "staying in language":
        return in_language(answer, probe.language) and not repeats(answer)
    if probe.task == "stopping":
        return "\n" in answer.strip(" \u3000")
    if probe.task == "instruction format":
        return answer.strip().partition("\n")[0].strip(" 　.。") in probe.choices
    return answer.strip().startswith(probe.expected)


def probe_scores(tasks: Sequence[GeneralProbe], answers: Sequence[str]) -> dict[str, Interval]:
    """Return the share passed with Wilson's interval, per `language/task`."""
    verdicts: dict[str, list[bool]] = {}
    for probe, answer in zip(tasks, answers, strict=True):
        verdicts.setdefault(f"{probe.language}/{probe.task}", []).append(passed(probe, answer))
    return {name: wilson(sum(right), len(right)) for name, right in sorted(verdicts.items())}
