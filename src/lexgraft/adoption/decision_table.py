"""The rows of the decision: what is done in each case, which model is written, in which words."""

from typing import Literal, NamedTuple

from lexgraft.records import Outcome

Action = Literal[
    "stop",
    "keep the recipient",
    "ship the merge",
    "ship the merge with the glossary",
    "ship the tuned merge",
]
WrittenModel = Literal["recipient", "merge", "tuned"]
Words = dict[str, str]  # language → sentence


class Row(NamedTuple):
    """One row of the table."""

    action: Action
    model: WrittenModel
    glossary: bool
    sentence: Words  # of a model that is shipped: what became of general ability is filled in
    would_change: Words


KEPT: Words = {
    "en": "general ability stayed within its margin",
    "ja": "、一般能力の低下は許容範囲内です",
}
NOT_MEASURED: Words = {
    "en": "general ability was not measured",
    "ja": "ました。一般能力は測定していません",
}
MEASURE_GENERAL_ABILITY: Words = {
    "en": "General ability could contradict it: name texts or concepts for it under `general`.",
    "ja": "一般能力の測定で覆る可能性があります。`general` に文章か日常語を指定してください。",
}
OTHER_THRESHOLDS: Words = {
    "en": "Other thresholds could change it too; they are then on record as set after the results.",
    "ja": "基準を変えた場合も結論は変わり得ますが、結果を見た後の変更として記録されます。",
}
OPEN_SEALED: Words = {
    "en": "The sealed concepts could contradict it: `--open-sealed` asks them, once.",
    "ja": "未開封の最終確認用の用語で覆る可能性があります。"
    "`--open-sealed` で一度だけ確認できます。",
}
SEALED: dict[Outcome, Words] = {
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
    "glossary; or the language model asked with the glossary, which only `testset.written` does.",
    "ja": "一般能力の低下が許容範囲内であることが示されたマージを用語集付きで測定した場合。"
    "用語集付きの言語モデルを測定するのは `testset.written` だけです。",
}

TABLE: dict[str, Row] = {
    "merge": Row(
        action="ship the merge",
        model="merge",
        glossary=False,
        sentence={
            "en": "Adopt the merge: the words arrived {joint} {general}. Stop here.",
            "ja": "マージを採用：専門用語が習得され{general}。ここで終了できます。",
        },
        would_change=OTHER_THRESHOLDS,
    ),
    "merge and glossary": Row(
        action="ship the merge with the glossary",
        model="merge",
        glossary=True,
        sentence={
            "en": "Adopt the merge and serve it with the glossary in the prompt: with it the words "
            "are used, more than by merging alone, {joint} {general}.",
            "ja": "マージを採用し、用語集をプロンプトに加えて運用："
            "マージだけの場合より用語が使われ{general}。",
        },
        would_change=OTHER_THRESHOLDS,
    ),
    "tuned after the merge": Row(
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
    "tuned after the glossary": Row(
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
    "tuned at last": Row(
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
    "tuned alone": Row(
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
    "no headroom": Row(
        action="stop",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Stop: the domain model does not know enough that could be brought over. "
            "Keep the language model and look for another domain model.",
            "ja": "中止：ドメインモデルには、移せるだけの用語の知識がありません。"
            "現行の言語モデル（G）を継続利用し、別のドメインモデルを探してください。",
        },
        would_change={
            "en": "A domain model that knows more of these words than the language model.",
            "ja": "言語モデルの知らない用語をより多く知るドメインモデル。",
        },
    ),
    "glossary, but harmed": Row(
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
    "glossary, harm not measured": Row(
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
    "glossary, harm open": Row(
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
    "not tried": Row(
        action="keep the recipient",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Not decided: no result was judged, for no stage that does so has run. "
            "Keep the language model.",
            "ja": "判定保留：結果を評価する段階は実行されていません。"
            "当面は現行の言語モデル（G）を継続利用してください。",
        },
        would_change={
            "en": "The stages that have not run: see `stages` in the project.",
            "ja": "実行しなかった段階（プロジェクトの `stages`）。",
        },
    ),
    "not the donor's": Row(
        action="keep the recipient",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Keep the language model: the merge is not ahead of the same recipe without the "
            "domain model by what is asked for, so the words are not the domain model's merit.",
            "ja": "現行の言語モデル（G）を継続利用：ドメインモデルを除いた同じ手順と比べた向上が"
            "基準に届かず、ドメインモデルの効果とは言えません。",
        },
        would_change={
            "en": "Another domain model, or another merge (`merge.candidates`); not more data.",
            "ja": "別のドメインモデル、または別のマージ（`merge.candidates`）。"
            "データを追加しても変わりません。",
        },
    ),
    "undecided": Row(
        action="keep the recipient",
        model="recipient",
        glossary=False,
        sentence={
            "en": "Not decided: no method has passed yet and at least one is open. Keep the "
            "language model; the verdicts say what more data could decide.",
            "ja": "判定保留：評価に使った用語が少なく、まだ結論を出せません。"
            "当面は現行の言語モデル（G）を継続利用してください。"
            "データを追加すれば判定できる点は、各判定に示しています。",
        },
        would_change={
            "en": "The numbers of concepts and documents that the open verdicts name.",
            "ja": "判定保留の各項目に示した件数の用語と文書。",
        },
    ),
    "failed": Row(
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
