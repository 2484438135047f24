"""A term within sentences: one to be translated, and its translation cut before the term."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from unicodedata import normalize

from lexgraft.records import Concept, Item, digest
from lexgraft.terms.glossary.term_matcher import Matcher
from lexgraft.terms.wordings.filled_text import filled, seam
from lexgraft.terms.wordings.language_file import file_of, language_name, spoken_file


class TermSentence(NamedTuple):
    """One concept's term in a sentence, and how it is asked for."""

    source: str  # the sentence, in the language in which the term is known
    translated: str  # prompt: it is to be translated
    completed: Item  # the translation cut before the term; options are the term and its control
    is_own: bool  # the term base has both sentences; else they are the wordings'

    @property
    def control(self) -> str:
        """Return the term of another concept, of the same field and about as long."""
        return self.completed.options[1 - self.completed.gold].strip()


def term_sentences(
    items: Iterable[Item], concepts: Mapping[str, Concept], examples: str = ""
) -> list[TermSentence]:
    """Return each item's term in a sentence, to be translated, and its translation cut.

    Where the concept has a sentence in both languages that holds a name of it, these are taken;
    else one of the wordings', which say the same in every language. What is asked in a language
    without wordings is framed in English.

    Args:
        items: one per concept, its term in one language to that in another, of two options: the
            right one, and the control.
        concepts: by id.
        examples: what stands before every prompt: sentences that were translated, say.
    """
    return [_sentence(item, concepts[item.concept], examples) for item in items]


def translated_sentences(items: Iterable[Item], concepts: Mapping[str, Concept]) -> str:
    """Return sentences with their terms, each translated as it is asked to be: to show how."""
    lines: list[str] = []
    for item in items:
        concept = concepts[item.concept]
        source, before, after = _sentences(item, concept)
        term = item.options[item.gold].strip()
        prompt = _prompt(item, source)
        lines.append(f"{prompt}{seam(prompt)}{before}{term}{after}\n\n")
    return "".join(lines)


def _sentence(item: Item, concept: Concept, examples: str) -> TermSentence:
    source, before, _ = _sentences(item, concept)
    prompt = examples + _prompt(item, source)
    begun = prompt + seam(prompt) + before if before else prompt
    context = begun.rstrip()
    space = begun[len(context) :] if before else seam(prompt)
    options = tuple(space + option.strip() for option in item.options)
    completed = Item(
        id=digest("completed", item.id, context, options),
        concept=item.concept,
        kind="cloze",
        question_language=item.question_language,
        answer_language=item.answer_language,
        draw=0,
        context=context,
        neutral=before.rstrip() or seam(prompt) or "\n",
        options=options,
        gold=item.gold,
    )
    return TermSentence(source, prompt, completed, _own(item, concept) is not None)


def _prompt(item: Item, source: str) -> str:
    """Return the request for a translation, in its language, else in that of the sentence."""
    frame = file_of(item.answer_language) or spoken_file(item.question_language)
    values = {
        "question": source,
        "question_language": language_name(frame, item.question_language),
        "answer_language": language_name(frame, item.answer_language),
    }
    return filled(frame.translation.asking + frame.translation.place, values)


def _sentences(item: Item, concept: Concept) -> tuple[str, str, str]:
    """Return the sentence, and its translation before and after the term."""
    if sentences := _own(item, concept):
        return sentences
    files = [spoken_file(tag) for tag in (item.question_language, item.answer_language)]
    count = min(len(file.sentences) for file in files)
    number = int(digest("sentence", concept.id), 16) % count
    source, target = (file.sentences[number] for file in files)
    before, _, after = target.partition("{term}")
    return filled(source, {"term": concept.names(item.question_language)[0]}), before, after


def _own(item: Item, concept: Concept) -> tuple[str, str, str] | None:
    """Return the same of a concept's own sentences; None unless there is a name in both."""
    languages = item.question_language, item.answer_language
    texts = (normalize("NFC", concept.sentences.get(tag, "")) for tag in languages)
    source, target = (" ".join(text.split()) for text in texts)
    span = _first_name(target, concept.names(item.answer_language))
    if span is None or _first_name(source, concept.names(item.question_language)) is None:
        return None
    return source, target[: span[0]], target[span[1] :]


def _first_name(text: str, names: Iterable[str]) -> tuple[int, int] | None:
    matches = Matcher((name, name) for name in names).find(text)
    return (matches[0].start, matches[0].end) if matches else None
