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


def recommendation(outcomes: Sequence[tuple[str, Outcome]]) -> Words:
    """Return what to do, given the gates that ran, in order."""
    passed = [stage for stage, outcome in outcomes if outcome == "pass" and stage != "headroom"]
    if passed:
        return dict(_PASSED[passed[0]])
    stages = dict(outcomes)
    if stages.get("headroom") == "fail":
        return dict(_NO_HEADROOM)
    if "undecided" in stages.values():
        return dict(_UNDECIDED)
    return dict(_FAILED)


_PASSED: dict[str, Words] = {
    "merge": {
        "en": "Adopt the merge: the words arrived and nothing protected was lost. Stop here.",
        "ja": "マージを採用：専門用語が習得され、保護対象の能力は失われていません。"
        "ここで終了できます。",
    },
    "glossary": {
        "en": "Merging alone did not bring the words; with the glossary in the prompt they are "
        "used. Serve the model with the glossary.",
        "ja": "マージだけでは用語は習得されませんでしたが、用語集をプロンプトに加えると使われます。"
        "用語集付きでの運用を推奨します。",
    },
    "tune": {
        "en": "Neither merging nor the glossary was enough; partial fine-tuning taught the words "
        "it was shown and kept general ability. Tune on the whole term base.",
        "ja": "マージと用語集では不十分でしたが、部分ファインチューニングで教えた用語は習得され、"
        "一般能力は保たれました。用語ベース全体でのチューニングを推奨します。",
    },
}
_NO_HEADROOM: Words = {
    "en": "Stop: the domain model knows hardly any word that the language model does not. "
    "Keep the language model and look for another domain model.",
    "ja": "中止：ドメインモデルだけが知る用語がほとんどありません。言語モデルをそのまま使い、"
    "別のドメインモデルを探してください。",
}
_FAILED: Words = {
    "en": "Do not adopt: no stage brought the words without loss. Keep the language model.",
    "ja": "採用しない：どの段階でも、損失なしに用語は習得されませんでした。"
    "言語モデルをそのまま使ってください。",
}
_UNDECIDED: Words = {
    "en": "Not decided: no gate passed and at least one needs more concepts. "
    "Add the concepts named in the verdicts, or keep the language model.",
    "ja": "判定保留：合格した段階はなく、判定に概念数が不足しています。"
    "各判定に示した数の概念を追加するか、言語モデルをそのまま使ってください。",
}
