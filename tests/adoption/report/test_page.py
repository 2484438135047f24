"""The page is one file that needs nothing else and lets nothing in."""

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from lexgraft.adoption.report.page import render_page
from lexgraft.adoption.report.report_record import Report

SameAsGolden = Callable[[str, bytes], None]

SECTIONS = [
    "verdicts",
    "central",
    "directions",
    "acquisition",
    "glossary",
    "tuning",
    "terms",
    "general",
    "health",
    "samples",
    "costs",
    "provenance",
]
VOID = {"meta", "link", "input", "wbr", "br"}


class _Page(HTMLParser):
    """Collects what a browser would build, and whether the tags nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.nested = True
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.nested &= bool(self.open) and self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return render_page(report)


@pytest.fixture(scope="module")
def read(page: str) -> _Page:
    return _Page(page)


def test_the_page_is_as_it_was(page: str, same_as_golden: SameAsGolden):
    same_as_golden("report.html", page.encode())


def test_the_sections_stand_in_the_order_of_a_decision(read: _Page):
    ids = [attributes.get("id") for attributes in read.all("section")]
    assert [one for one in ids if one in SECTIONS] == SECTIONS
    linked = [attributes["href"] for attributes in read.all("a")]
    assert [f"#{name}" for name in SECTIONS] == [
        link for link in linked if link in {f"#{s}" for s in SECTIONS}
    ][-12:]


def test_every_tag_is_closed_and_every_id_is_single(read: _Page):
    assert read.nested
    assert read.open == []
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_what_labels_and_links_point_to_exists(read: _Page):
    ids = {attributes.get("id") for _, attributes in read.tags}
    for _, attributes in read.tags:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set((attributes.get(name) or "").split()) <= ids
        if (attributes.get("href") or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in ids


def test_nothing_is_fetched(page: str, read: _Page):
    for tag, attributes in read.tags:
        assert tag not in {"img", "iframe", "object", "embed", "base", "form", "video", "audio"}
        assert "src" not in attributes
        for name in ("href", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,"))
        assert not any(name.startswith("on") for name in attributes)
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_only_the_page_s_own_script_may_run(page: str, read: _Page):
    (policy,) = [
        attributes["content"] or ""
        for attributes in read.all("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashed = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{hashed}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "http" not in policy


def test_terms_from_files_stay_text(page: str, read: _Page):
    assert len(read.all("script")) == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;img src=x onerror=alert(2)&gt;" in page
    assert "${policy} {target} %s" in page
    assert "Medical terms &lt;ja&gt; &amp; $more" in page
    assert "&lt;b&gt;bird&lt;/b&gt;" in page
    assert "\u202e" not in page


def test_all_lost_and_gained_terms_are_listed_lost_first(read: _Page, report: Report):
    fates = [attributes["data-fate"] for attributes in read.all("tr") if "data-fate" in attributes]
    assert fates == ["lost"] * 3 + ["acquired"] * 5
    assert len(report.terms) == 10


def test_without_scripts_the_page_is_english_and_shows_no_dead_controls(page: str, read: _Page):
    assert read.all("html") == [{"lang": "en"}]
    assert 'html[lang="en"] .t[lang="ja"]' in page
    assert ".tongues { display: none;" in page
    assert ".viewer { display: none;" in page


def test_english_and_japanese_texts_come_in_pairs(read: _Page):
    spoken = [
        attributes["lang"]
        for _, attributes in read.tags
        if (attributes.get("class") or "").split()[:1] == ["t"]
    ]
    assert spoken == ["en", "ja"] * (len(spoken) // 2)
    assert len(spoken) > 200


def test_an_outcome_is_told_by_sign_and_word(page: str):
    for sign, english, japanese in (
        ("✓", "pass", "合格"),
        ("✕", "fail", "不合格"),
        ("?", "undecided", "判定保留"),
    ):
        assert (
            f'<span class="outcome {english}"><span class="sign" aria-hidden="true">{sign}</span>'
            f'<span class="t" lang="en">{english}</span><span class="t" lang="ja">{japanese}</span>'
        ) in page


def test_the_same_report_gives_the_same_page(report: Report, page: str):
    assert render_page(report) == page


def test_a_report_of_nothing_is_still_a_page():
    bare = Report("p", "0", "ja", "en", {"en": "Stop."}, result="")
    read = _Page(render_page(bare))
    assert read.nested
    assert len([one for one in read.all("section") if one.get("id") in SECTIONS]) == 12


def test_a_model_that_was_not_written_is_said_to_be_none(report: Report):
    page = render_page(replace(report, shipped=""))
    assert '<dd><span class="t" lang="en">none</span>' in page


def test_what_was_measured_to_choose_is_folded_away_from_the_evidence(page: str):
    general = page[page.index('<section id="general"') : page.index('<section id="health"')]
    before, after = general.split("The candidates, on the concepts used to choose")
    assert "merge:<wbr>linear" not in before
    assert "merge:<wbr>linear" in after


def test_a_score_of_another_name_is_shown_as_a_free_answer(page: str):
    directions = page[page.index('<section id="directions"') : page.index('<section id="acquis')]
    assert "Free answers" in directions
    assert "Term named in a free answer" in directions
