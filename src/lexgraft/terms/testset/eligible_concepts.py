"""Which concepts of a term base a project can ask about, and why the others not."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.project import Form, TermSettings
from lexgraft.records import Concept
from lexgraft.terms.testset.form_profile import profile, unfairness
from lexgraft.terms.testset.question_forms import Kin, texts_of
from lexgraft.terms.testset.rarity import zipf


class EligibleConcepts(Struct, frozen=True):
    """The concepts of a term base that can be asked about, and why the others cannot."""

    usable: list[Concept]  # every form can ask for them
    spare: list[Concept]  # like those, but not askable: they may lend wrong options
    refused: dict[str, int]  # reason → concepts


def choose_concepts(
    concepts: Sequence[Concept], terms: TermSettings, forms: Sequence[Form], rare_in: str
) -> EligibleConcepts:
    """Return which concepts pass the filter and every form, and how many each reason refused.

    Rarity is that of the preferred term in the language `rare_in`: the concept's own number where
    it has one, else from word frequencies. A form refuses a concept that lacks a term or definition
    for it, or whose question gives the answer away.
    """
    refused: Counter[str] = Counter()
    usable: list[Concept] = []
    spare: list[Concept] = []
    kin = {concept.id: concept for concept in concepts}
    languages = sorted({tag for form in forms for tag in (form.question, form.answer)})
    for concept in concepts:
        unlike = _part_of_speech(concept, terms, languages) or _frequency(concept, terms, rare_in)
        unlike = unlike or _given_away(concept, forms, kin)
        reason = unlike or _length(concept, terms) or _refusal(concept, forms, kin)
        if not reason:
            usable.append(concept)
            continue
        refused[reason] += 1
        if not unlike:
            spare.append(concept)
    return EligibleConcepts(usable, spare, dict(sorted(refused.items())))


def require_language(concepts: Sequence[Concept], language: str, where: str) -> None:
    """Refuse a term base without a single term in a language that is asked about."""
    if not any(concept.names(language) for concept in concepts):
        languages = sorted({term.language for concept in concepts for term in concept.terms})
        raise LexgraftError(
            f"no term in `{language}`; the term base has {', '.join(languages) or 'none'}",
            where=where,
            cure=f"give a term base with terms in `{language}`, or change the forms",
        )


def _part_of_speech(concept: Concept, terms: TermSettings, languages: Sequence[str]) -> str:
    """Return a reason where a preferred term is of another part of speech, else nothing."""
    preferred = [
        term
        for language in languages
        for term in [term for term in concept.terms if term.language == language][:1]
    ]
    wrong = [
        term.part_of_speech
        for term in preferred
        if term.part_of_speech not in terms.parts_of_speech
    ]
    return f"part of speech: {wrong[0]}" if wrong else ""


def _frequency(concept: Concept, terms: TermSettings, language: str) -> str:
    """Return a reason where the preferred term is not rare, else nothing."""
    names = concept.names(language)
    if terms.max_zipf is None or not names:
        return ""
    rarity = concept.rarity.get(language)
    rarity = zipf(names[0], language) if rarity is None else rarity
    return (
        f"not rare in {language} (Zipf {terms.max_zipf} or more)"
        if rarity >= terms.max_zipf
        else ""
    )


def _length(concept: Concept, terms: TermSettings) -> str:
    """Return a reason where a definition is too long, else nothing; unspaced text is one word."""
    words = max((len(text.split()) for text in concept.definitions.values()), default=0)
    limit = terms.max_definition_words
    return f"definition longer than {limit} words" if words > limit else ""


def _given_away(concept: Concept, forms: Sequence[Form], kin: Kin) -> str:
    """Return why the question of some form would give the answer away, or nothing.

    Such a concept lends no wrong option either: cognates and names that say what they mean would
    be options that are never right, and a model that knows which could be asked would gain by it.
    """
    reasons = (unfairness(form, *texts_of(concept, form, kin)) for form in forms)
    return next((reason for reason in reasons if reason), "")


def _refusal(concept: Concept, forms: Sequence[Form], kin: Kin) -> str:
    """Return why the first form that cannot ask for a concept cannot, or nothing."""
    views = (profile(concept, form, kin) for form in forms)
    return next((reason for reason in views if isinstance(reason, str)), "")
