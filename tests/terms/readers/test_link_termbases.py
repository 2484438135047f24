"""Linking two term bases."""

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.link_termbases import link


def concept(
    key: str,
    *terms: str,
    same_as: tuple[str, ...] = (),
    field: str = "",
    source: str = "",
    licence: str = "",
) -> Concept:
    """Return a concept with terms written `en:fever`."""
    made = tuple(
        Term(text, language, status="admitted" if place else "preferred")
        for place, (language, text) in enumerate(term.split(":") for term in terms)
    )
    return Concept(key, made, {}, field, same_as=same_as, source=source, licence=licence)


def links(one: list[Concept], other: list[Concept]) -> list[tuple[str, str, str]]:
    return [(found.one, found.other, found.how) for found in link(one, other).links]


def test_the_strongest_evidence_decides():
    first = [
        concept("HP:1", "en:fever", same_as=("SNOMEDCT_US:10",)),
        concept("HP:2", "en:chill"),
        concept("HP:3", "en:boil", "en:furuncle"),
        concept("HP:4", "en:Tumour"),
        concept("HP:5", "en:nothing"),
        concept("X:6", "en:rash", same_as=("UMLS:C6",)),
    ]
    second = [
        concept("SCT:10", "en:other", "ja:発熱"),
        concept("B:2", "en:chill", "ja:悪寒"),
        concept("B:3", "en:skin boil", "en:furuncle"),
        concept("B:4", "en:tumor"),
        concept("X:5", "en:fever"),
        concept("B:6", "ja:発疹", same_as=("umls_cui:C6",)),
    ]
    assert links(first, second) == [
        ("HP:1", "SCT:10", "cross-reference"),
        ("X:6", "B:6", "shared reference"),
        ("HP:2", "B:2", "term"),
        ("HP:3", "B:3", "synonym"),
        ("HP:4", "B:4", "spelling"),
    ]


def test_what_has_two_partners_is_listed_and_not_guessed():
    made = link(
        [concept("A:1", "en:nail"), concept("A:2", "en:bolt")],
        [
            concept("B:1", "en:nail", "ja:爪"),
            concept("B:2", "en:nail", "ja:釘"),
            concept("B:3", "en:bolt"),
        ],
    )
    assert [(one.one, one.other) for one in made.links] == [("A:2", "B:3")]
    assert [(one.one, one.other) for one in made.ambiguous] == [("A:1", "B:1"), ("A:1", "B:2")]


def test_a_joined_concept_has_the_terms_and_the_origin_of_both():
    (made,) = link(
        [concept("A:1", "en:fever", source="onto", licence="CC0", field="med")],
        [concept("B:1", "en:fever", "ja:発熱", source="dict", licence="CC BY-SA 4.0")],
    ).concepts
    assert (made.id, made.field) == ("A:1", "med")
    assert made.names("ja") == ("発熱",)
    assert made.source == "onto + dict B:1"
    assert made.licence == "CC0 + CC BY-SA 4.0"
    assert made.same_as == ("B:1",)


def test_an_abbreviation_is_no_evidence():
    assert links([concept("A:1", "en:x ray", "en:CT")], [concept("B:1", "en:y", "en:CT")]) == []


def test_concepts_without_a_link_are_kept_on_request():
    first = [concept("A:1", "en:fever"), concept("A:2", "en:chill")]
    made = link(first, [concept("B:1", "en:fever")], keep_unlinked=True)
    assert [one.id for one in made.concepts] == ["A:1", "A:2"]
    assert made.unlinked == 1
