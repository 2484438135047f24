"""What verdicts mean, in a sentence of English and of Japanese (pure)."""

from collections.abc import Sequence

from lexgraft.adoption.report.formats import difference, points, unit
from lexgraft.adoption.report.report_words import LANGUAGES, grouped, in_both, named
from lexgraft.records import Criterion, Outcome, Verdict
from lexgraft.stats.gates import combine

Words = dict[str, str]

_OUTCOME: dict[Outcome, Words] = {
    "pass": {"en": "passed", "ja": "合格"},
    "fail": {"en": "failed", "ja": "不合格"},
    "undecided": {"en": "undecided", "ja": "判定保留"},
}
_COLON = {"en": ": ", "ja": "："}
_RANK: dict[Outcome, int] = {"fail": 0, "undecided": 1, "pass": 2}


def verdict_of(stage: str, criteria: Sequence[Criterion], title: Words | None = None) -> Verdict:
    """Return the verdict of a gate on what it asked; `title` is shown in place of the name."""
    outcome = combine(criteria)
    sentence = verdict_sentence(title or in_both(named, stage), outcome, criteria)
    return Verdict(stage, outcome, sentence, tuple(criteria))


def verdict_sentence(title: Words, outcome: Outcome, criteria: Sequence[Criterion]) -> Words:
    """Return the verdict with the criterion that decided it (the worst one)."""
    head = {
        language: f"{title[language]}{_COLON[language]}{verdict}"
        for language, verdict in _OUTCOME[outcome].items()
    }
    if not criteria:
        return head
    worst = min(criteria, key=lambda c: (_RANK[c.outcome], c.value - c.threshold))
    measured = difference(worst.value, worst.low, worst.high, worst.name)
    threshold = points(worst.threshold, unit(worst.name))
    what = {
        language: f"{named(worst.name, language)} · {grouped(worst.group, language)}"
        for language in LANGUAGES
    }
    return {
        "en": f"{head['en']}. {what['en']}: {measured}, wanted ≥ {threshold}, n = {worst.n}",
        "ja": f"{head['ja']}。{what['ja']}：{measured}、基準 ≥ {threshold}、n = {worst.n}",
    }
