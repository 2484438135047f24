"""How far a project's numbers could be raised: what its term base and its files have."""

from pathlib import Path

from lexgraft.adoption.material import Material
from lexgraft.adoption.servable_settings import Supply
from lexgraft.files.shipped_texts import is_shipped
from lexgraft.terms.testset.everyday_items import askable_everyday


def supplies_of(material: Material, glossary_askable: int, gate: str) -> dict[str, Supply]:
    """Return what a gate counts → its key in the project, what stands there, and the most.

    `glossary_askable` are the `confirm` concepts that the glossary stage can ask for. Shipped texts
    cannot be raised, nor those of several files: which of them is not known.
    """
    project, testset = material.project, material.testset
    confirm, spare = len(testset.concepts["confirm"]), testset.refused.get("not needed", 0)
    if project.testset.sealed is None:
        spare += len(testset.concepts["sealed"])
    choose = len(testset.concepts["choose"]) if gate == "headroom" else 0  # it counts whole_split
    supplies = {"concepts": Supply("testset.confirm", confirm, confirm + spare, choose)}
    if project.glossary and project.glossary.concepts < glossary_askable:
        present = project.glossary.concepts
        supplies["glossary concepts"] = Supply("glossary.concepts", present, glossary_askable)
    elif project.glossary:  # all of `confirm` are asked
        whole_split = Supply("testset.confirm", confirm, confirm + spare, also="glossary.concepts")
        supplies["glossary concepts"] = whole_split
    if project.tune:
        chosen = len(testset.concepts["choose"])
        supplies["taught concepts"] = Supply("tune.terms", project.tune.terms, chosen)
    if project.general.forms:
        items = project.general.items
        supplies["items"] = Supply("general.items", items, max(items, askable_everyday(project)))
    return supplies | _documents(material)


def _documents(material: Material) -> dict[str, Supply]:
    """Return how far the documents of a single own file could be raised."""
    sources = material.project.general.texts
    if not sources:
        return {}
    now = sum(source.documents for source in sources)
    if len(sources) > 1 or any(is_shipped(Path(source.file)) for source in sources):
        return {"documents": Supply("general.texts", now, now)}
    return {
        "documents": Supply("general.texts.0.documents", now, max(now, material.most_documents))
    }
