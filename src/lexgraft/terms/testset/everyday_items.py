"""Everyday items: words that anybody knows, by which a loss of general language is seen."""

from collections.abc import Sequence

from lexgraft.errors import LexgraftError
from lexgraft.project import Form, Project
from lexgraft.records import Concept, Item, digest
from lexgraft.terms.readers import ImportOptions, read_concepts
from lexgraft.terms.readers.project_options import files_of
from lexgraft.terms.testset.form_profile import FormProfile, profile
from lexgraft.terms.testset.items import build_items

_DRAWS = 1  # an everyday item is asked once: its score is a share, not a vocabulary


def everyday_items(project: Project) -> tuple[list[Concept], list[Item]]:
    """Return the everyday concepts and items: for each form its own, chosen by a keyed hash.

    Raises:
        LexgraftError: forms without concepts, or fewer concepts than items for a form.
    """
    general = project.general
    if not general.forms:
        return [], []
    if not general.concepts:
        raise LexgraftError(
            "forms without concepts", where="general", cure="give `concepts`, or leave `forms` out"
        )
    languages = tuple(tag for form in general.forms for tag in (form.question, form.answer))
    options = ImportOptions(called=tuple(dict.fromkeys(languages)))
    concepts = read_concepts(files_of(general.concepts, "general.concepts"), options)
    items: list[Item] = []
    used: dict[str, Concept] = {}
    for form in general.forms:
        chosen = _chosen(concepts, form, general.items, project.seed)
        used |= {concept.id: concept for concept in chosen}
        items += build_items(
            chosen,
            forms=[form],
            options=project.testset.options,
            draws=_DRAWS,
            distractors=project.testset.distractors,
            seed=project.seed,
        )
    return list(used.values()), items


def askable_everyday(project: Project) -> int:
    """Return how many everyday concepts every form of `general` could ask for."""
    concepts = read_concepts(files_of(project.general.concepts, "general.concepts"))
    return min(len(_askable(concepts, form, 0)) for form in project.general.forms)


def _askable(concepts: Sequence[Concept], form: Form, seed: int) -> dict[str, Concept]:
    """Return answer → a concept that a form can ask for, in an order keyed by the seed."""
    found: dict[str, Concept] = {}
    for concept in sorted(
        concepts, key=lambda candidate: digest(seed, "everyday", form, candidate.id)
    ):
        view = profile(concept, form)
        if isinstance(view, FormProfile):
            found.setdefault(view.answer, concept)
    return found


def _chosen(concepts: Sequence[Concept], form: Form, count: int, seed: int) -> list[Concept]:
    """Return the concepts of one form, at most one of each answer."""
    askable = _askable(concepts, form, seed)
    chosen = dict(list(askable.items())[:count])
    if len(chosen) < count:
        raise LexgraftError(
            f"{len(chosen)} everyday concepts for {form.kind} {form.question}->{form.answer}, "
            f"{count} are wanted",
            where="general",
            cure=f"set `general.items: {max(1, len(chosen))}`, or give more `general.concepts`",
        )
    return list(chosen.values())
