"""What verdicts mean, in a sentence of English and of Japanese (pure)."""

from collections.abc import Sequence

from msgspec import structs

from lexgraft.adoption.decision import PROTECTED, Decision
from lexgraft.adoption.report.formats import difference, points, unit
from lexgraft.adoption.report.report_words import LANGUAGES, grouped, in_both, language_name, named
from lexgraft.records import Criterion, Outcome, Verdict
from lexgraft.stats.gates import combine

Words = dict[str, str]

_OUTCOME: dict[Outcome, Words] = {
    "pass": {"en": "passed", "ja": "合格"},
    "fail": {"en": "failed", "ja": "不合格"},
    "undecided": {"en": "undecided", "ja": "判定保留"},
}
_RECIPIENT = {
    "en": ("the language model", "the {} model (G)"),
    "ja": ("言語モデル（G）", "{}モデル（G）"),
}
_FEW_TERMS, _FEW_TEXTS = "用語が少なく", "文書が少なく"
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


def decision_in_words(decision: Decision, target: str, verdicts: Sequence[Verdict]) -> Decision:
    """Return a decision that calls G by its language, and says what was too little of.

    Args:
        decision: its sentences speak of "the language model".
        target: the language that G speaks.
        verdicts: where only general ability is open, documents were too few and not terms.
    """
    left_open = {c.name for v in verdicts for c in v.criteria if c.outcome == "undecided"}
    few = _FEW_TEXTS if left_open == {PROTECTED} else _FEW_TERMS

    def spoken(texts: Words) -> Words:
        found: Words = {}
        for language, text in texts.items():
            general, of_language = _RECIPIENT[language]
            called = of_language.format(language_name(target, language))
            found[language] = text.replace(general, called).replace(_FEW_TERMS, few)
        return found

    return structs.replace(
        decision, sentence=spoken(decision.sentence), would_change=spoken(decision.would_change)
    )
