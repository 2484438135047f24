"""One table: the outcomes of the gates → what to do, which model is written, why (pure).

The rule among several gates that passed: the last one counts, because each later stage starts from
what the earlier one left and its gate asks for a gain over that. A model whose protected abilities
were not shown to be kept is written only if its own gate passed; if they were not measured at all,
the sentence says so. Nothing is recommended that was not measured: the glossary stage asks the
merge, so neither the recipient nor the tuned merge is ever recommended with the glossary.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from msgspec import Struct

from lexgraft.evaluation.measures import ABILITY, DONOR_GAIN
from lexgraft.records import Criterion, Outcome, Verdict
from lexgraft.stats.gates import combine

Action = Literal[
    "stop",
    "keep the recipient",
    "ship the merge",
    "ship the merge with the glossary",
    "ship the tuned merge",
]
WrittenModel = Literal["recipient", "merge", "tuned"]
Words = dict[str, str]  # language → sentence

PROTECTED = ABILITY
"""Name of the criteria that say general ability is kept."""


class Decision(Struct, frozen=True, forbid_unknown_fields=True):
    """What an adoption comes to; the report, the card, the terminal and `model/` all read it."""

    action: Action
    model: WrittenModel  # what `model/` holds
    glossary: bool  # whether the glossary belongs in the prompt of that model
    sentence: Words  # what to do and why
    would_change: Words  # what could lead to another decision


class StageOutcomes(NamedTuple):
    """What the gates said; None: the stage did not run."""

    headroom: Outcome | None = None
    merge: Outcome | None = None
    protected: Outcome | None = None  # the merge's general ability by itself; None: not measured
    glossary: Outcome | None = None  # of the merge with the glossary in its prompt
    tune: Outcome | None = None
    sealed: Outcome | None = None
    tuned_protected: Outcome | None = None  # the tuned merge's general ability, likewise
    donor: Outcome | None = None  # what the donor brought to the merge, by itself

    def measured_general_ability(self, model: WrittenModel) -> bool:
        """Return whether a model that is to be written was asked about general ability."""
        return (self.tuned_protected if model == "tuned" else self.protected) is not None


def outcomes_of(verdicts: Iterable[Verdict]) -> StageOutcomes:
    """Return what the gates said; a stage that this table does not know recommends nothing."""
    by_stage = {verdict.stage: verdict for verdict in verdicts}
    outcomes: dict[str, Outcome] = {stage: verdict.outcome for stage, verdict in by_stage.items()}
    protected: dict[str, Outcome | None] = {
        stage: protected_outcome(verdict.criteria) for stage, verdict in by_stage.items()
    }
    return StageOutcomes(
        headroom=outcomes.get("headroom"),
        merge=outcomes.get("merge"),
        protected=protected.get("merge"),
        glossary=outcomes.get("glossary"),
        tune=outcomes.get("tune"),
        sealed=outcomes.get("sealed"),
        tuned_protected=protected.get("tune"),
        donor=donor_outcome(by_stage["merge"].criteria) if "merge" in by_stage else None,
    )


def protected_outcome(criteria: Iterable[Criterion]) -> Outcome | None:
    """Return whether general ability was shown to be kept; None where it was not measured."""
    protected = [criterion for criterion in criteria if criterion.name == PROTECTED]
    return combine(protected) if protected else None


def donor_outcome(criteria: Iterable[Criterion]) -> Outcome | None:
    """Return whether it was shown that only the donor brought the terms; None: not asked."""
    brought = [criterion for criterion in criteria if criterion.name.startswith(DONOR_GAIN)]
    return combine(brought) if brought else None


def decide(outcomes: StageOutcomes) -> Decision:
    """Return what to do after an adoption whose gates said this."""
    row = _TABLE[_reason(outcomes)]
    sentence, would_change = row.sentence, row.would_change
    if row.model != "recipient":
        measured = outcomes.measured_general_ability(row.model)
        sentence = _completed(sentence, measured=measured)
        if not measured:
            would_change = _joined(_MEASURE_GENERAL_ABILITY, would_change)
        # the sealed concepts are opened for a model that is shipped
        if outcomes.sealed is not None:
            sentence = _joined(sentence, _SEALED[outcomes.sealed])
        else:
            would_change = _joined(_OPEN_SEALED, would_change)
    return Decision(row.action, row.model, row.glossary, sentence, would_change)


def _reason(outcomes: StageOutcomes) -> str:
    """Return the row of the table that these outcomes fall into: the first that fits."""
    tried = (outcomes.merge, outcomes.glossary, outcomes.tune)
    rows = (
        (outcomes.tune == "pass", _tuned_reason(outcomes)),
        (_glossary_counts(outcomes), "merge and glossary"),
        (outcomes.merge == "pass", "merge"),
        (outcomes.headroom == "fail", "no headroom"),
        (outcomes.glossary == "pass" and outcomes.protected == "fail", "glossary, but harmed"),
        (outcomes.glossary == "pass" and outcomes.protected is None, "glossary, harm not measured"),
        (outcomes.glossary == "pass", "glossary, harm open"),
        (tried == (None, None, None), "not tried"),
        (outcomes.donor == "fail" and outcomes.protected != "fail", "not the donor's"),
        ("undecided" in (outcomes.headroom, *tried), "undecided"),
    )
    return next((reason for fits, reason in rows if fits), "failed")


def _glossary_counts(outcomes: StageOutcomes) -> bool:
    """Return whether the merge with the glossary passed and may be shipped."""
    harmless = outcomes.protected == "pass" or (
        outcomes.protected is None and outcomes.merge == "pass"
    )
    return outcomes.glossary == "pass" and harmless


def _tuned_reason(outcomes: StageOutcomes) -> str:
    if outcomes.glossary == "pass":
        return "tuned after the glossary"
    if outcomes.merge == "pass":
        return "tuned after the merge"
    return "tuned alone" if outcomes.glossary is None else "tuned at last"


def _completed(sentence: Words, *, measured: bool) -> Words:
    """Return a sentence on a shipped model with what is known of its general ability."""
    general, joint = (_KEPT, "and") if measured else (_NOT_MEASURED, "but")
    return {
        language: text.format(general=general[language], joint=joint)
        for language, text in sentence.items()
    }


def _joined(first: Words, second: Words) -> Words:
    return {"en": f"{first['en']} {second['en']}", "ja": first["ja"] + second["ja"]}


class _Row(NamedTuple):
    """One row of the table."""

    action: Action
    model: WrittenModel
    glossary: bool
    sentence: Words  # of a model that is shipped: what became of general ability is filled in
    would_change: Words


_KEPT: Words = {
    "en": "nothing protected was lost",
    "ja": "、一般能力の低下は許容範囲内です",
}
_NOT_MEASURED: Words = {
    "en": "general ability was not measured",
    "ja": "ました。一般能力は測定していません",
}
_MEASURE_GENERAL_ABILITY: Words = {
    "en": "General ability could contradict it: name texts or concepts for it under `general`.",
    "ja": "一般能力の測定で覆る可能性があります。`general` に文章か日常語を指定してください。",
}
_OTHER_THRESHOLDS: Words = {
    "en": "So would other thresholds; they are then on record as set after the results.",
    "ja": "基準を変えた場合も結論は変わり得ますが、結果を見た後の変更として記録されます。",
}
_OPEN_SEALED: Words = {
    "en": "The sealed concepts could contradict it: `--open-sealed` asks them, once.",
    "ja": "未開封の最終確認用の用語で覆る可能性があります。"
    "`--open-sealed` で一度だけ確認できます。",
}
_SEALED: dict[Outcome, Words] = {
    "pass": {
        "en": "The sealed concepts confirm it.",
        "ja": "未開封の最終確認用の用語でも確認されました。",
    },
    "fail": {
        "en": "But the sealed concepts contradict it: do not rely on it before the cause is known.",
        "ja": "ただし、未開封の最終確認用の用語では確認されませんでした。"
        "原因が分かるまで利用しないでください。",
    },
    "undecided": {
        "en": "The sealed concepts leave it open.",
        "ja": "未開封の最終確認用の用語では判定できませんでした。",
    },
}
_MORE_TUNING: Words = {
    "en": "A lesson on the whole term base was not measured; nor was the tuned merge with the "
    "glossary.",
    "ja": "用語集全体を対象とした追加学習と、"
    "追加学習後のモデルに用語集を加えた場合は測定していません。",
}
_NOT_WITH_GLOSSARY: Words = {
    "en": "A merge whose general ability is shown to stay within its margins, asked with the "
    "glossary; or the language model asked with the glossary, which no stage does.",
    "ja": "一般能力の低下が許容範囲内であることが示されたマージを用語集付きで測定した場合。"
    "用語集付きの言語モデルはどの段階でも測定していません。",
}

_TABLE: dict[str, _Row] = {
    "merge": _Row(
        action="ship the merge",
        model="merge",
        glossary=False,
        sentence={
            "en": "Adopt the merge: the words arrived {joint} {general}. Stop here.",
            "ja": "マージを採用：専門用語が習得され{general}。ここで終了できます。",
        },
        would_change=_OTHER_THRESHOLDS,
    ),
    "merge and glossary": _Row(
        action="ship the merge with the glossary",
        model="merge",
        glossary=True,
        sentence={
            "en": "Adopt the merge and serve it with the glossary in the prompt: with it the words "
            "are used, more than by merging alone, {joint} {general}.",
            "ja": "マージを採用し、用語集をプロンプトに加えて運用："
            "マージだけの場合より用語が使われ{general}。",
        },
        would_change=_OTHER_THRESHOLDS,
    ),
    "tuned after the merge": _Row(
        action="ship the tuned merge",
        model="tuned",
        glossary=False,
        sentence={
            "en": "Adopt the tuned merge: the merge passed, and partial fine-tuning taught more of "
            "the words it was shown; {general}.",
            "ja": "追加学習したマージを採用：マージは合格し、"
            "追加学習で教えた用語はさらに習得され{general}。",
        },
        would_change=_MORE_TUNING,
    ),
    "tuned after the glossary": _Row(
        action="ship the tuned merge",
        model="tuned",
        glossary=False,
        sentence={
            "en": "Adopt the tuned merge: partial fine-tuning taught the words it was shown "
            "{joint} {general}. The glossary helped the merge before it was tuned; with the tuned "
            "merge it was not measured.",
            "ja": "追加学習したマージを採用：教えた用語は習得され{general}。"
            "用語集は追加学習前のマージで有効でしたが、追加学習後には測定していません。",
        },
        would_change=_MORE_TUNING,
    ),
    "tuned at last": _Row(
        action="ship the tuned merge",
        model="tuned",
        glossary=False,
        sentence={
            "en": "Adopt the tuned merge: neither merging nor the glossary was enough; partial "
            "fine-tuning taught the words it was shown {joint} {general}. For all "
            "words, tune on the whole term base.",
            "ja": "追加学習したマージを採用：マージと用語集では不十分でしたが、"
            "追加学習で教えた用語は習得され{general}。"
            "すべての用語を習得させるには、用語集全体を対象とした追加学習を推奨します。",
        },
        would_change=_MORE_TUNING,
    ),
    "tuned alone": _Row(
        action="ship the tuned merge",
        model="tuned",
        glossary=False,
        sentence={
            "en": "Adopt the tuned merge: merging alone was not enough; partial fine-tuning taught "
            "the words it was shown {joint} {general}. For all words, tune on the "
            "whole term base.",
            "ja": "追加学習したマージを採用：マージだけでは不十分でしたが、"
            "追加学習で教えた用語は習得され{general}。"
            "すべての用語を習得させるには、用語集全体を対象とした追加学習を推奨します。",
        },
        would_change=_MORE_TUNING,
    ),
    "no headroom": _Row(
        action="stop",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Stop: the domain model knows hardly any word that the language model does not. "
            "Keep the language model and look for another domain model.",
            "ja": "中止：ドメインモデルだけが知る用語がほとんどありません。"
            "現行の言語モデル（G）を継続利用し、別のドメインモデルを探してください。",
        },
        would_change={
            "en": "A domain model that knows more of these words than the language model.",
            "ja": "言語モデルの知らない用語をより多く知るドメインモデル。",
        },
    ),
    "glossary, but harmed": _Row(
        action="keep the recipient",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Keep the language model: the merge uses the words with the glossary in the "
            "prompt, but it lost general ability that is protected.",
            "ja": "現行の言語モデル（G）を継続利用：マージは用語集があれば用語を使いますが、"
            "一般能力が失われました。",
        },
        would_change=_NOT_WITH_GLOSSARY,
    ),
    "glossary, harm not measured": _Row(
        action="keep the recipient",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Keep the language model: the merge uses the words with the glossary in the "
            "prompt, but general ability was not measured.",
            "ja": "現行の言語モデル（G）を継続利用：マージは用語集があれば用語を使いますが、"
            "一般能力は測定していません。",
        },
        would_change=_NOT_WITH_GLOSSARY,
    ),
    "glossary, harm open": _Row(
        action="keep the recipient",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Keep the language model: the merge uses the words with the glossary in the "
            "prompt, but it is not shown that its protected general ability was kept.",
            "ja": "現行の言語モデル（G）を継続利用：マージは用語集があれば用語を使いますが、"
            "一般能力が保たれたとは示されていません。",
        },
        would_change=_NOT_WITH_GLOSSARY,
    ),
    "not tried": _Row(
        action="keep the recipient",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Not decided: no result was judged, for the stages that do so were left out. "
            "Keep the language model.",
            "ja": "判定保留：結果を評価する段階は実行されていません。"
            "当面は現行の言語モデル（G）を継続利用してください。",
        },
        would_change={
            "en": "The stages that were left out: see `stages` in the project.",
            "ja": "実行しなかった段階（プロジェクトの `stages`）。",
        },
    ),
    "not the donor's": _Row(
        action="keep the recipient",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Keep the language model: the same recipe without the domain model does as well, "
            "so the domain model brought no words.",
            "ja": "現行の言語モデル（G）を継続利用：ドメインモデルを除いた同じ手順でも同等で、"
            "ドメインモデルから移った用語はありません。",
        },
        would_change={
            "en": "Another domain model, or another merge (`merge.candidates`); not more data.",
            "ja": "別のドメインモデル、または別のマージ（`merge.candidates`）。"
            "データを追加しても変わりません。",
        },
    ),
    "undecided": _Row(
        action="keep the recipient",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Not decided: no stage passed and at least one is open. Keep the language model; "
            "the verdicts say what more data could decide.",
            "ja": "判定保留：合格した段階はなく、まだ結論を出せない段階があります。"
            "当面は現行の言語モデル（G）を継続利用してください。"
            "データを追加すれば判定できる点は、各判定に示しています。",
        },
        would_change={
            "en": "The numbers of concepts and documents that the open verdicts name.",
            "ja": "判定保留の各項目に示した件数の用語と文書。",
        },
    ),
    "failed": _Row(
        action="keep the recipient",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Do not adopt: no stage brought the words without loss. Keep the language model.",
            "ja": "導入は見送り：一般能力を落とさずに用語を習得できた手法はありませんでした。"
            "当面は現行の言語モデル（G）を継続利用してください。",
        },
        would_change={
            "en": "Other merges (`merge.candidates`), more terms taught, or stages left out.",
            "ja": "別のマージ（`merge.candidates`）、より多くの用語の追加学習、未実行の段階。",
        },
    ),
}
