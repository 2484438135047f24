"""The most restrictive licence of what went in is the one that is named."""

import pytest
from msgspec.structs import replace

from lexgraft.adoption.report.licences import (
    GEMMA_NOTICE,
    attributions,
    combined,
    licence_of,
    mixed,
    terms_of,
)
from lexgraft.adoption.report.report_record import DataSource, Parent, Report


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("Gemma Terms of Use", "gemma"),
        ("gemma", "gemma"),
        ("Llama 3.1 Community License", "other"),
        ("Apache-2.0", "apache-2.0"),
        ("Apache License, Version 2.0", "apache-2.0"),
        ("MIT", "mit"),
        ("CC BY-SA 4.0", "cc-by-sa-4.0"),
        ("CC BY-SA 3.0", "other"),
        ("CC-BY-4.0", "cc-by-4.0"),
        ("CC BY 2.0 FR", "other"),
        ("MIT + CC BY-SA 4.0", "cc-by-sa-4.0"),
        ("CC BY-NC-SA 4.0", "other"),
        ("AGPL-3.0", "agpl-3.0"),
        ("my own terms", "other"),
        ("", "unknown"),
    ],
)
def test_licences_are_recognised_by_their_usual_names(text: str, identifier: str):
    assert licence_of(text).identifier == identifier


def _report(*licences: str, sources: tuple[DataSource, ...] = ()) -> Report:
    parents = tuple(Parent("base", "m", "0", licence) for licence in licences)
    return Report("p", "0", "ja", "en", {}, result="", parents=parents, sources=sources)


@pytest.mark.parametrize(
    ("licences", "name"),
    [
        (("MIT", "Gemma Terms of Use", "Apache-2.0"), "Gemma Terms of Use"),
        (("CC BY-NC 4.0", "Gemma Terms of Use"), "CC BY-NC 4.0"),
        (("my own terms", "CC BY-SA 4.0"), "my own terms"),
        (("CC BY 2.0 FR", "Gemma Terms of Use"), "Gemma Terms of Use"),
        (("my own terms + EDRDG licence (CC BY-SA 4.0)", "Gemma Terms of Use"), "my own terms"),
        (("", "Apache-2.0"), "Apache-2.0"),
        (("", ""), "unknown"),
        ((), "unknown"),
    ],
)
def test_the_most_restrictive_known_licence_is_named(licences: tuple[str, ...], name: str):
    assert combined(_report(*licences)).name == name


def test_texts_that_only_asked_questions_do_not_bind_the_weights():
    test = DataSource("terms", "test", licence="CC BY-SA 4.0")
    train = replace(test, use="train")
    assert combined(_report("MIT", sources=(test,))).identifier == "mit"
    assert combined(_report("MIT", sources=(test, train))).identifier == "cc-by-sa-4.0"
    assert attributions(_report(sources=(test,))) == []
    assert attributions(_report(sources=(train,))) == ["Trained on terms (CC BY-SA 4.0)."]


def test_gemma_asks_for_its_sentence():
    assert terms_of(_report("Gemma Terms of Use")) == [GEMMA_NOTICE]
    assert terms_of(_report("MIT")) == []


def test_weights_of_share_alike_and_restricted_sources_are_warned_of_in_both_languages():
    train = DataSource("terms", "train", licence="CC BY-SA 4.0")
    assert mixed(_report("MIT", "Gemma Terms of Use")) == ()
    assert mixed(_report("MIT", sources=(train,))) == ()
    assert mixed(_report("Gemma", sources=(replace(train, use="test"),))) == ()
    (said,) = mixed(_report("Gemma Terms of Use", sources=(train,)))
    assert set(said) == {"en", "ja"}
    assert all("CC BY-SA 4.0" in text and "Gemma Terms of Use" in text for text in said.values())
