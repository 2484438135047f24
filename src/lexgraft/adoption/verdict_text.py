"""What verdicts mean, in a sentence of English and of Japanese (pure)."""

from collections.abc import Sequence

from lexgraft.adoption.report.formats import difference, points, unit
from lexgraft.adoption.report.report_words import LANGUAGES, grouped, in_both, named
from lexgraft.records import Criterion, Outcome

Words = dict[str, str]

_OUTCOME: dict[Outcome, Words] = {
    "pass": {"en": "passed", "ja": "合格"},
    "fail": {"en": "failed", "ja": "不合格"},
    "undecided": {"en": "undecided", "ja": "判定保留"},
}
_SEALED: Words = {"en": "Sealed concepts", "ja": "封印された概念"}  # alone, the name is a split's


def verdict_sentence(stage: str, outcome: Outcome, criteria: Sequence[Criterion]) -> Words:
    """Return the verdict with the criterion that decided it (the worst one)."""
    stages = _SEALED if stage == "sealed" else in_both(named, stage)
    head = {language: f"{stages[language]}: {said}" for language, said in _OUTCOME[outcome].items()}
    if not criteria:
        return head
    rank = {"fail": 0, "undecided": 1, "pass": 2}
    worst = min(criteria, key=lambda c: (rank[c.outcome], c.value - c.threshold))
    found = difference(worst.value, worst.low, worst.high, worst.name)
    wanted = points(worst.threshold, unit(worst.name))
    what = {
        language: f"{named(worst.name, language)} · {grouped(worst.group, language)}"
        for language in LANGUAGES
    }
    more = worst.needed
    return {
        "en": f"{head['en']}. {what['en']}: {found}, wanted ≥ {wanted}, n = {worst.n}"
        + (f"; {more:,} further concepts would decide" if more else ""),
        "ja": f"{head['ja']}。{what['ja']}: {found}、基準 ≥ {wanted}、n = {worst.n}"
        + (f"。判定には更に {more:,} 概念が必要" if more else ""),
    }
