"""Free answers: terms named and definitions written, graded without a judge."""

from collections import Counter
from collections.abc import Sequence

from lexgraft.adopt.session import Session, Subject
from lexgraft.evaluate.compare import wilson
from lexgraft.evaluate.grade import grade, known
from lexgraft.evaluate.identify import identification_items
from lexgraft.evaluate.spelling import TermGrade, grade_term
from lexgraft.project import Form
from lexgraft.records import Concept, Item, Score, digest
from lexgraft.report.record import Sample
from lexgraft.testset.wording import wording

TERM_GENERATION = "term generation"
DEFINITION_GENERATION = "definition generation"
TERM_TOKENS = 16
DEFINITION_TOKENS = 32
SHOWN = 6  # samples in the report


def free_scores(session: Session, subject: Subject) -> tuple[Score, ...]:
    """Return the shares of terms named right and of definitions that identify their term."""
    if not session.project.testset.generated:
        return ()
    return (*_named(session, subject), *_defined(session, subject))


def asked_freely(session: Session) -> list[Concept]:
    """Return the confirm concepts that are asked for free answers."""
    seed = session.project.seed
    concepts = sorted(
        session.testset.concepts["confirm"], key=lambda one: digest(seed, "free", one.id)
    )
    return concepts[: session.project.testset.generated]


def _named(session: Session, subject: Subject) -> list[Score]:
    """Return, per direction that ends in the target language, the share of terms named right."""
    concepts = {one.id: one for one in asked_freely(session)}
    found: list[Score] = []
    for pair, items in _by_pair(_first_draws(session, concepts)).items():
        texts = session.generations(
            subject,
            f"terms {pair.replace('->', '-')}",
            [item.context for item in items],
            TERM_TOKENS,
        )
        answer = items[0].answer_language
        grades = Counter(
            _graded(text.text, concepts[item.concept], answer)
            for item, text in zip(items, texts, strict=True)
        )
        right = grades["exact"] + grades["variant"]
        found.append(wilson(right, len(items)).score(TERM_GENERATION, subject.name, pair))
    return found


def _first_draws(session: Session, concepts: dict[str, Concept]) -> list[Item]:
    target = session.project.languages.target
    return [
        item
        for item in session.testset.items["confirm"]
        if item.concept in concepts
        and item.draw == 0
        and item.answer_language == target
        and item.kind in {"definition-to-term", "term-to-term"}
    ]


def _defined(session: Session, subject: Subject) -> list[Score]:
    """Return the share of generated definitions by which the frozen base picks the right term.

    Definitions are asked for in the domain's language, of the term in either language.
    """
    languages = session.project.languages
    concepts = asked_freely(session)
    own = f"{languages.domain}->{languages.domain}"
    about = [
        i
        for i in session.testset.items["confirm"]
        if i.pair == own and i.kind == "definition-to-term"
    ]
    found: list[Score] = []
    for language in dict.fromkeys((languages.domain, languages.target)):
        form = Form("term-to-definition", language, languages.domain)
        named = [one for one in concepts if one.names(language)]
        prompts = [wording(form, one.names(language)[0], one.id, 0).context for one in named]
        what = f"definitions {language}"
        texts = session.generations(subject, what, prompts, DEFINITION_TOKENS)
        said = {one.id: text.text for one, text in zip(named, texts, strict=True)}
        items = identification_items(about, named, said)
        if items:
            scorer = session.parents["base"]
            graded = grade(
                items, session.answers(scorer, f"{what} by {subject.digest[:12]}", items)
            )
            verdicts = known(graded)
            interval = wilson(sum(verdicts.values()), len(verdicts))
            found.append(
                interval.score(
                    DEFINITION_GENERATION, subject.name, f"{language}->{languages.domain}"
                )
            )
    return found


def samples(session: Session, subjects: Sequence[Subject]) -> tuple[Sample, ...]:
    """Return a few definitions written by several models, in the domain's language."""
    if not session.project.testset.generated:
        return ()
    languages = session.project.languages
    concepts = asked_freely(session)
    found: list[Sample] = []
    for language in dict.fromkeys((languages.target, languages.domain)):
        form = Form("term-to-definition", language, languages.domain)
        named = [one for one in concepts if one.names(language)]
        prompts = [wording(form, one.names(language)[0], one.id, 0).context for one in named]
        texts = {
            one.name: session.generations(
                one, f"definitions {language}", prompts, DEFINITION_TOKENS
            )
            for one in subjects
        }
        found += [
            Sample(
                one.names(language)[0],
                language,
                prompts[number],
                {name: answers[number].text.strip() for name, answers in texts.items()},
            )
            for number, one in enumerate(named[: SHOWN // 2])
        ]
    return tuple(found)


def _by_pair(items: Sequence[Item]) -> dict[str, list[Item]]:
    grouped: dict[str, list[Item]] = {}
    for item in items:
        grouped.setdefault(item.pair, []).append(item)
    return grouped


def _graded(text: str, concept: Concept, language: str) -> TermGrade:
    """Return how a written term relates to its concept."""
    elsewhere = tuple(term.text for term in concept.terms if term.language != language)
    return grade_term(text, concept.names(language), elsewhere)
