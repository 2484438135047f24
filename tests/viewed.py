"""Invented records of answers for the viewer, of any size."""

from lexgraft.adoption.report.viewer_record import (
    DEFINED,
    WRITTEN,
    ChosenAnswers,
    ViewerRecord,
    WrittenAnswer,
    viewer_record,
)
from lexgraft.records import Answer, Concept, Item, Term, digest

MODELS = ("base", "G", "D", "merge:ties")
HOSTILE = "</script><script>document.title = 'ran'</script><img src=x onerror=alert(1)>\u202e=1+1"


def invented_viewer(concepts: int, *, draws: int = 2) -> ViewerRecord:
    """Return concepts from en to ja with so many draws each, the first one hostile."""
    named = [_concept(number) for number in range(concepts)]
    items = [_item(concept, number, draw) for number, concept in enumerate(named)
             for draw in range(draws)]  # fmt: skip
    answers = {model: [_answer(item, model) for item in items] for model in MODELS}
    written = [
        WrittenAnswer(use, concept.id, "en->ja", "term-to-term", f"Say {HOSTILE}: ",
                      {model: f"{HOSTILE} {model}" for model in MODELS},
                      dict.fromkeys(MODELS, "wrong") if use == WRITTEN else {})
        for concept in named[:3] for use in (WRITTEN, DEFINED)
    ]  # fmt: skip
    return viewer_record(named, [ChosenAnswers("confirm", items, answers)], written)


def _concept(number: int) -> Concept:
    english = {0: HOSTILE, 2: "=1+1 term 2"}.get(number, f"term {number}")
    return Concept(
        f"C{number:05d}",
        (Term(english, "en"), Term(f"用語{number}", "ja")),
        {"en": f"What is meant by number {number}, told at some length for a reader."},
        field=f"field {number % 5}",
        rarity={"ja": number % 6 + 0.5},
    )


def _item(concept: Concept, number: int, draw: int) -> Item:
    options = tuple(f"用語{number + step}" for step in range(4))
    name = digest(concept.id, draw)
    context = f"{concept.definitions['en']} In Japanese it is called ({draw}): "
    way = "term" if number % 3 else "pieces"
    return Item(
        name, concept.id, "definition-to-term", "en", "ja", draw, context, "It is ", options, 0, way
    )


def _answer(item: Item, model: str) -> Answer:
    value = int(digest(item.id, model), 16)
    scores = tuple(-(value >> (8 * at) & 0xFF) / 16 for at in range(4))
    return Answer(item.id, scores, (0.0,) * 4, (1,) * 4)
