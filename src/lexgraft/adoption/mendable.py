"""Which open requirements more data could decide, and which failed ones no data mends (pure)."""

from collections.abc import Iterable

from lexgraft.adoption.decision_table import Words
from lexgraft.adoption.report.report_words import grouped, named
from lexgraft.records import Criterion, Verdict


def what_data_can_do(verdicts: Iterable[Verdict]) -> Words:
    """Return which requirements more data could decide, and which no data mends; may be empty."""
    judged = [
        (verdict.stage, requirement) for verdict in verdicts for requirement in verdict.criteria
    ]
    texts: Words = {}
    for language, (more, never, joint) in _DATA.items():
        parts = [
            head + joint.join(named) + ("." if language == "en" else "。")
            for head, outcome in ((more, "undecided"), (never, "fail"))
            if (named := _named(judged, outcome, language))
        ]
        texts[language] = (" " if language == "en" else "").join(parts)
    return texts


_DATA = {
    "en": ("More data could decide: ", "No further data mends: ", "; "),
    "ja": ("データの追加で決まり得る項目：", "データを追加しても変わらない項目：", "、"),
}


def _named(judged: Iterable[tuple[str, Criterion]], outcome: str, language: str) -> list[str]:
    """Return requirements of one outcome by stage, name and group, each once."""
    texts = (
        f"{named(stage, language)}: {named(c.name, language)} ({grouped(c.group, language)})"
        for stage, c in judged
        if c.outcome == outcome
    )
    return list(dict.fromkeys(texts))
