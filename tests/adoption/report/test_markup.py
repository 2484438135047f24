"""Whatever a text holds, it stays a text."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from lexgraft.adoption.report.markup import (
    Html,
    both,
    element,
    fit,
    foreign,
    join,
    label,
    unbroken,
    word,
)


class _Reader(HTMLParser):
    """Collects tags, attributes and text as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.values: list[str | None] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text())
def test_any_text_is_text_between_tags_and_in_attributes(text: str):
    page = _Reader(element("p", text, title=text))
    assert page.tags == ["p"]
    assert page.text == (page.values[0] or "")
    fine = all(sign.isprintable() and sign.isalnum() for sign in text)
    assert page.text == text if fine else len(page.text) == len(text)


def test_markup_is_not_escaped_twice_and_text_once():
    assert element("b", Html("<i>x</i>"), "<&>") == "<b><i>x</i>&lt;&amp;&gt;</b>"
    assert fit(fit("&")) == "&amp;"
    assert join("<", Html("<")) == "&lt;<"


def test_an_attribute_may_be_left_out_and_takes_its_usual_name():
    found = element("input", class_="a", text_anchor="end", title=None, x=1.5)
    assert found == '<input class="a" text-anchor="end" x="1.5">'


def test_what_turns_or_breaks_a_page_is_replaced():
    assert fit("a\u202eb\x00c\x07d\ud800e") == "a\ufffdb\ufffdc\ufffdd\ufffde"
    assert fit("مرحبا\u200f 等張尿\n") == "مرحبا\u200f 等張尿\n"


def test_a_text_stands_once_where_the_languages_agree_and_english_fills_in():
    assert both({"en": "n", "ja": "n"}) == "n"
    assert both({"en": "<n>"}) == "&lt;n&gt;"
    assert word("outcome") == (
        '<span class="t" lang="en">Outcome</span><span class="t" lang="ja">判定</span>'
    )


def test_names_may_break_after_their_signs_and_nowhere_else():
    assert label("merge:dare_ties<") == "<bdi>merge:<wbr>dare_<wbr>ties&lt;</bdi>"
    assert foreign("x", "ja") == '<bdi lang="ja">x</bdi>'
    assert unbroken("a b", "", "c") == '<span class="line">a b</span> <span class="line">c</span>'
