"""What makes a verdict worth less than it looks: said before it, or beside it (pure)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from msgspec import Struct

from lexgraft.evaluation.measures import (
    BEST_PARENT_GAIN,
    GENERAL,
    PROPER,
    RECIPIENT,
    RECOGNITION,
    TERM_GENERATION,
    WORDS_WRITTEN,
    WRITTEN_GAIN,
)
from lexgraft.evaluation.output_language import in_language, repeats
from lexgraft.records import Concept, Criterion, Score

COLLAPSED = 0.25  # share of free answers that are one text, loop, or speak another language
FEWEST_ANSWERS = 8  # by which collapse is told
CLOSE = 2.0  # times as often as G does it

Words = dict[str, str]


class ValidityMark(Struct, frozen=True, forbid_unknown_fields=True):
    """A reason to trust a verdict less; it stands beside the recommendation wherever that does."""

    name: str
    sentence: Words


UNMEASURED = ValidityMark(
    "general ability not measured",
    {
        "en": "General ability was not measured: nobody knows what the models lost.",
        "ja": "一般能力は測定していません。何が失われたかは分かりません。",
    },
)


def parents_at_chance(scores: Iterable[Score]) -> tuple[ValidityMark, ...]:
    """Return a mark per model that answers no kind of question better than guessing.

    `scores` are those of base, G and D. Recognition of terms and of everyday words counts, in every
    direction; a model that is above chance in none of them is one that the questions do not reach.
    """
    above: dict[str, bool] = {}
    for score in scores:
        if score.name in (RECOGNITION, GENERAL) and score.chance is not None:
            above[score.model] = above.get(score.model, False) or score.low > score.chance
    return tuple(
        ValidityMark(
            f"{model} at chance",
            {
                "en": f"{model} answers no kind of question shown better than guessing: see whether"
                " its folder, its tokenizer and its prompt are right before you trust the rest.",
                "ja": f"{model} はどの種類の設問でもでたらめに選んだ場合を上回っていません。"
                "モデルのフォルダー、トークナイザー、プロンプトが正しいか、先に確かめてください。",
            },
        )
        for model, knows in above.items()
        if not knows
    )


def donor_at_chance(lead: Sequence[Criterion]) -> tuple[ValidityMark, ...]:
    """Return the mark of a donor that is not shown to know the terms in its own language."""
    behind = [
        criterion.name.partition(", ")[2] for criterion in lead if criterion.outcome != "pass"
    ]
    if not behind:
        return ()
    return (
        ValidityMark(
            "donor not ahead",
            {
                "en": "The domain model is not shown to know these terms in its own language "
                f"better than: {', '.join(behind)}.",
                "ja": "ドメインモデルが自身の言語でこれらの用語をよりよく知っているとは"
                f"示されていません（比較対象：{'、'.join(behind)}）。",
            },
        ),
    )


def contamination(
    concepts: Iterable[Concept], language: str, texts: Mapping[str, Iterable[str]]
) -> tuple[ValidityMark, ...]:
    """Return a mark per model whose training texts hold definitions that the test asks by.

    `texts` are by model, as far as the user has named them. A definition counts as seen where its
    words stand in a text, whatever their case and spaces.
    """
    asked = {
        concept.id: plain
        for concept in concepts
        if (plain := _plain(concept.definitions.get(language, "")))
    }
    marks: list[ValidityMark] = []
    for model, lines in texts.items():
        read = "\n".join(map(_plain, lines))
        seen = sum(definition in read for definition in asked.values())
        if seen:
            share = f"{seen} / {len(asked)}"
            marks.append(
                ValidityMark(
                    f"{model} trained on the test",
                    {
                        "en": f"{model} was trained on {share} of the definitions that the test "
                        "asks by: what it knows of them is training accuracy.",
                        "ja": f"{model} はテストで使う定義文 {share} で学習されています。"
                        "その正答率は学習精度です。",
                    },
                )
            )
    return tuple(marks)


def named_in_card(card: str, sources: Iterable[str], model: str) -> tuple[ValidityMark, ...]:
    """Return the mark of a model whose card names a source that the test's terms come from."""
    named = [
        source for source in dict.fromkeys(sources) if source and source.lower() in card.lower()
    ]
    if not named:
        return ()
    listed = ", ".join(named)
    return (
        ValidityMark(
            f"{model} trained on the test's sources",
            {
                "en": f"The card of {model} names {listed}, where the test's terms come from: it "
                "may have learnt these very definitions; its own score is then training accuracy.",
                "ja": f"{model} のモデルカードには、テストの用語の出典である {listed} が"
                "記されています。同じ定義文で学習した可能性があり、"
                "その場合の正答率は学習精度です。",
            },
        ),
    )


def parent_as_good(gains: Iterable[Score]) -> tuple[ValidityMark, ...]:
    """Return a mark where a merge is not shown to know the terms better than one of its parents."""
    return tuple(
        ValidityMark(
            f"{parent} knows the terms as well",
            {
                "en": f"{parent} alone is not shown to know these terms worse than {score.model}: "
                f"merge minus {parent}: {_difference(score)}. See what {parent} lost of general "
                "ability.",
                "ja": f"{parent} 単独でも用語の知識は {score.model} に劣るとは示されていません"
                f"（差 {_difference(score)}）。{parent} の一般能力の低下と比べてください。",
            },
        )
        for score in gains
        if score.name.startswith(BEST_PARENT_GAIN) and score.low <= 0
        for parent in [score.name.partition(", ")[2]]
        if parent != "G"
    )


def _difference(score: Score) -> str:
    """Return a difference in points with its interval, with true minus signs."""
    value, low, high = (100 * end for end in (score.value, score.low, score.high))
    return f"{value:+.1f} pt [{low:+.1f}, {high:+.1f}]".replace("-", "−")


def writes_no_term(scores: Iterable[Score], shipped: str) -> tuple[ValidityMark, ...]:
    """Return a mark where the model that is handed on, or every model, wrote no term asked for."""
    asked = [score for score in scores if score.name == TERM_GENERATION]
    written: dict[str, bool] = {}  # in any direction
    terms: dict[str, int] = {}  # in all
    for score in asked:
        written[score.model] = written.get(score.model, False) or score.value > 0
        terms[score.model] = terms.get(score.model, 0) + score.n
    nobody = not any(written.values())
    if not asked or written.get(shipped, not nobody):
        return ()
    who = ("No model", "どのモデルも") if nobody else (shipped, f"{shipped} は")
    n = max(terms.values()) if nobody else terms[shipped]
    return (
        ValidityMark(
            "no model writes a term" if nobody else f"{shipped} writes no term",
            {
                "en": f"{who[0]} wrote {'a single one' if nobody else 'none'} of the {n} terms it "
                "was asked to write: what is known here is recognised among options, not written.",
                "ja": f"自由回答では、{who[1]} {n} 件の用語を 1 件も書けませんでした。"
                "ここで「知っている」とは、選択肢から選べることを指します。",
            },
        ),
    )


def against_recipient_served(scores: Iterable[Score]) -> dict[str, list[Score]]:
    """Return model → what it writes more than G, both with the glossary, by way of writing."""
    gains = {f"{way}, {WRITTEN_GAIN}" for way in WORDS_WRITTEN.values()}
    by_model: dict[str, list[Score]] = {}
    for score in scores:
        model, _, entries = score.model.rpartition(", ")
        if entries == PROPER and model != RECIPIENT and score.name in gains:
            by_model.setdefault(model, []).append(score)
    return by_model


def writes_fewer_served(scores: Iterable[Score]) -> tuple[ValidityMark, ...]:
    """Return a mark where a merge is shown to write fewer terms than G, both with the glossary.

    `scores` are those of words written; one way of writing in which it is shown is enough.
    """
    ways_ja = dict(zip(WORDS_WRITTEN, ("想起", "翻訳", "続き"), strict=True))
    marks: list[ValidityMark] = []
    for model, gains in against_recipient_served(scores).items():
        fewer = {score.name: score for score in gains if score.high < 0}
        shown = {
            way: fewer[name]
            for way, kind in WORDS_WRITTEN.items()
            if (name := f"{kind}, {WRITTEN_GAIN}") in fewer
        }
        if shown:
            english = "; ".join(f"{way} {_difference(score)}" for way, score in shown.items())
            japanese = "、".join(f"{ways_ja[way]} {_difference(s)}" for way, s in shown.items())
            marks.append(
                ValidityMark(
                    f"{model} writes fewer terms",
                    {
                        "en": f"With the glossary {model} writes fewer terms than {RECIPIENT} with "
                        f"the same entries ({english}): where words are to be written, "
                        f"{RECIPIENT} with the glossary does better.",
                        "ja": f"用語集を加えた場合、{model} が書けた用語は、同じ用語集を加えた "
                        f"{RECIPIENT} より少なくなっています（{japanese}）。用語を書かせるなら、"
                        f"用語集を加えた {RECIPIENT} のほうが優れています。",
                    },
                )
            )
    return tuple(marks)


def few_need_the_term(pair: str, count: int) -> ValidityMark:
    """Return the mark of a direction that is judged by items which pieces of words can decide."""
    question, _, answer = pair.partition("->")
    return ValidityMark(
        f"pieces decide {pair}",
        {
            "en": f"{question} → {answer}: only {count} concepts have items that need their term, "
            "so all items count, also those that pieces of words decide.",
            "ja": f"{question} → {answer}：用語そのものの知識が必要な設問を持つ用語は {count} 件"
            "だけのため、語の部分から解ける設問も含めて判定しています。",
        },
    )


def collapse(
    model: str, answers: Sequence[str], of_recipient: Sequence[str], language: str
) -> tuple[ValidityMark, ...]:
    """Return a mark where a model's free answers fall apart: one for all, loops, wrong language.

    A quarter of them and twice as often as G's count; fewer than eight answers say nothing.
    """
    if min(len(answers), len(of_recipient)) < FEWEST_ANSWERS:
        return ()
    faults = (
        (_repeated, "one answer to many questions", "多くの質問に同じ答え"),
        (_looping, "loops", "繰り返し"),
        (partial(_elsewhere, language), "another language than asked for", "指定と異なる言語"),
    )
    found = [
        (english, japanese, share(answers))
        for share, english, japanese in faults
        if share(answers) >= max(COLLAPSED, CLOSE * share(of_recipient))
    ]
    if not found:
        return ()
    english = "; ".join(f"{what} ({part:.0%})" for what, _, part in found)
    japanese = "、".join(f"{what}（{100 * part:.0f} %）" for _, what, part in found)
    return (
        ValidityMark(
            f"{model} collapsed",
            {
                "en": f"The free answers of {model} fall apart: {english}.",
                "ja": f"{model} の自由回答が崩れています：{japanese}。",
            },
        ),
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".。")


def _repeated(texts: Sequence[str]) -> float:
    """Return the share of the commonest answer among answers that say anything, less its first."""
    said = [plain for text in texts if (plain := _plain(text))]
    count = Counter(said).most_common(1)[0][1] if said else 0
    return count / len(texts) if count > 1 else 0.0


def _looping(texts: Sequence[str]) -> float:
    return sum(map(repeats, texts)) / len(texts)


def _elsewhere(language: str, texts: Sequence[str]) -> float:
    said = [text for text in texts if any(map(str.isalpha, text))]
    return sum(not in_language(text, language) for text in said) / len(texts)
