"""Which open requirements more data could decide, and which failed ones no data mends (pure)."""

from collections.abc import Callable, Iterable

from lexgraft.adoption.decision_table import Words
from lexgraft.adoption.report.report_words import grouped, named
from lexgraft.records import Criterion, Verdict


def what_data_can_do(verdicts: Iterable[Verdict]) -> Words:
    """Return which requirements more data could decide, and which no data mends; may be empty."""
    judged = [
        (verdict.stage, requirement) for verdict in verdicts for requirement in verdict.criteria
    ]
    texts: Words = {}
    for language, (more, level, never, joint) in _DATA.items():
        parts = [
            head + joint.join(named) + ("." if language == "en" else "。")
            for head, told in ((more, _could_decide), (level, _on_its_threshold), (never, _failed))
            if (named := _named(judged, told, language))
        ]
        texts[language] = (" " if language == "en" else "").join(parts)
    return texts


_DATA = {
    "en": (
        "More data could decide: ",
        "As estimated no number of data decides, for the estimate lies on the threshold: ",
        "No further data mends: ",
        "; ",
    ),
    "ja": (
        "データの追加で決まり得る項目：",
        "推定値が基準値と同じで、データを追加しても決まるとは限らない項目：",
        "データを追加しても変わらない項目：",
        "、",
    ),
}


def _could_decide(criterion: Criterion) -> bool:
    return criterion.outcome == "undecided" and criterion.value != criterion.threshold


def _on_its_threshold(criterion: Criterion) -> bool:
    return criterion.outcome == "undecided" and criterion.value == criterion.threshold


def _failed(criterion: Criterion) -> bool:
    return criterion.outcome == "fail"


def _named(
    judged: Iterable[tuple[str, Criterion]], told: Callable[[Criterion], bool], language: str
) -> list[str]:
    """Return the requirements of which this is told by stage, name and group, each once."""
    texts = (
        f"{named(stage, language)}: {named(c.name, language)} ({grouped(c.group, language)})"
        for stage, c in judged
        if told(c)
    )
    return list(dict.fromkeys(texts))
