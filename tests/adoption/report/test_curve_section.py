"""The few-shot curve puts every lesson where its numbers say, and says so in words as well."""

from msgspec.structs import replace

from lexgraft.adoption.report.curve_section import curve
from lexgraft.adoption.report.page import render_page
from lexgraft.adoption.report.report_record import AbilityChange, CurvePoint, Report
from lexgraft.evaluation.measures import BITS, FAR, GAIN, TAUGHT
from lexgraft.records import Score


def lesson(terms: int, replay: float, gain: float) -> CurvePoint:
    known = (
        Score(TAUGHT, GAIN, "en->ja", gain, gain - 0.1, gain + 0.1, terms),
        Score(TAUGHT, "before", "en->ja", 0.3, 0.2, 0.4, terms),
        Score(FAR, GAIN, "en->ja", 0.0, -0.1, 0.1, 60),
    )
    general = (AbilityChange(BITS, "x", "ja/manual", -0.01, -0.03, 0.01, 18, 0.02),)
    return CurvePoint(terms, replay, 40, 1.0, known, general)


LESSONS = (
    lesson(10, 0.25, 0.5),
    lesson(50, 0.0, 0.4),
    lesson(50, 0.25, 0.2),
    lesson(1000, 0.25, 0.1),
)


def test_numbers_of_terms_stand_on_a_log_scale():
    drawn = curve((lesson(10, 0.25, 0.5), lesson(100, 0.25, 0.2), lesson(1000, 0.25, 0.1)), 0.05)
    for place in ("8.00%", "50.00%", "92.00%"):
        assert f'<line x1="{place}" x2="{place}" y1="0" y2="100%" class="grid">' in drawn


def test_every_lesson_has_its_mark_and_its_row_and_none_before_the_tuning():
    drawn = curve(LESSONS, 0.05)
    assert drawn.count('<g class="point ') == 3  # taught, far, running text
    assert drawn.count("mark hollow") == 3  # each measured once without replay
    assert drawn.count(">without replay<") == 3
    assert drawn.count("<tr>") == 2 + 3 * 4
    assert "+50.0 pt" in drawn
    assert "−1.0 %" in drawn


def test_the_largest_loss_allowed_is_drawn_for_running_text_alone():
    assert curve(LESSONS, 0.05).count('class="threshold"') == 1


def test_a_tuning_by_itself_has_a_page_without_empty_sections(report: Report):
    alone = Report("p", "1", "ja", "en", {"en": "x", "ja": "x"}, "G", lessons=LESSONS)
    page = render_page(alone)
    assert "Learned: concepts known" in page
    assert "習得：" in page
    assert "Not measured in this run" not in page
    assert 'href="#verdicts"' not in page
    both = render_page(replace(report, lessons=LESSONS))
    assert 'href="#verdicts"' in both
    assert "Learned: concepts known" in both


def test_one_number_of_terms_stands_in_the_middle():
    assert 'x1="50.00%" x2="50.00%" y1="0"' in curve((lesson(50, 0.25, 0.2),), 0.05)
