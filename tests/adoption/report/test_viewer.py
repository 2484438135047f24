"""Single answers on the page: in it, or on pages of their own; every text stays text."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from viewed import HOSTILE, MODELS, invented_viewer

from lexgraft.adoption.report import read_report, read_viewer, write_report
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.viewer_record import viewed_choice
from lexgraft.adoption.report.viewer_section import LARGEST_SLICE
from lexgraft.errors import LexgraftError
from lexgraft.records import Answer, Item

_BLOCK = re.compile(r'<script type="application/json" id="answers-data">(.*?)</script>', re.DOTALL)


def _data(page: Path) -> dict[str, list[list[object]]]:
    (block,) = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return json.loads(block)


def test_few_answers_stand_in_the_page_itself(report: Report, tmp_path: Path):
    viewer = invented_viewer(5)
    written = write_report(report, tmp_path, viewer)
    assert written.answers_at == "#answers"
    assert read_report(tmp_path / "report.json") == written
    assert read_viewer(tmp_path) == viewer
    assert not (tmp_path / "report").exists()
    data = _data(tmp_path / "report.html")
    assert len(data["questions"]) == 5 * 2 + 6
    assert data["models"] == list(MODELS)


def test_many_answers_stand_on_pages_of_which_none_is_large(report: Report, tmp_path: Path):
    written = write_report(report, tmp_path, invented_viewer(2600))
    assert written.answers_at == "report/index.html#answers"
    assert "answers-data" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    pages = sorted((tmp_path / "report").glob("answers-*.html"))
    listed = _data(tmp_path / "report" / "index.html")
    assert set(listed["pages"]) == {page.name for page in pages}
    questions = 0
    for page in pages:
        data = _data(page)
        assert page.stat().st_size < 1.3 * LARGEST_SLICE
        questions += len(data["questions"])
        for concept in data["concepts"]:
            assert listed["pages"][int(str(concept[0])[1:])] == page.name
    assert len(pages) > 1
    assert questions == len(listed["questions"]) == 5206


def test_pages_of_an_earlier_report_do_not_stay(report: Report, tmp_path: Path):
    write_report(report, tmp_path, invented_viewer(2600))
    write_report(report, tmp_path, invented_viewer(5))
    assert not (tmp_path / "report").exists()


def test_a_folder_of_somebody_else_is_refused(report: Report, tmp_path: Path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(LexgraftError, match="not ours"):
        write_report(report, tmp_path, invented_viewer(2600))
    assert (tmp_path / "report" / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_no_tag_begins_in_the_data_and_no_text_turns_around(report: Report, tmp_path: Path):
    write_report(report, tmp_path, invented_viewer(5))
    (block,) = _BLOCK.findall((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "<" not in block
    assert "\u202e" not in block
    assert json.loads(block)["concepts"][0][1]["en"] == [HOSTILE.replace("\u202e", "\ufffd")]


def test_numbers_lead_to_what_they_count(report: Report, tmp_path: Path):
    write_report(report, tmp_path, invented_viewer(5))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    row = next(row for row in report.acquisitions if row.split != "choose" and row.acquired)
    model = row.model.replace(":", "%3A").replace(" ", "%20")
    query = (
        f"use=confirm&amp;pair={row.direction.replace('>', '&gt;')}&amp;model={model}&amp;with=G"
    )
    assert f'<a href="#answers?{query}&amp;fate=acquired" class="count">{row.acquired}</a>' in page
    assert 'class="count"' not in _without_answers(report, tmp_path)


def _without_answers(report: Report, folder: Path) -> str:
    write_report(report, folder)
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_tie_with_the_right_option_is_no_choice_of_it():
    item = Item("i", "c", "term-to-term", "en", "ja", 0, "", "", ("a", "b", "c"), 1)
    tied = viewed_choice(item, Answer("i", (-2.0, -1.0, -1.0), (0.0,) * 3, (1,) * 3))
    assert (tied.choice, tied.scores) == (2, (-200, -100, -100))
    alone = viewed_choice(item, Answer("i", (-2.0, -1.0, -1.5), (0.0,) * 3, (1,) * 3))
    assert alone.choice == 1


def test_a_record_that_was_changed_is_named(report: Report, tmp_path: Path):
    write_report(report, tmp_path, invented_viewer(2))
    file = tmp_path / "viewer.json"
    file.write_bytes(file.read_bytes().replace(b"term 1", b"term 2"))
    with pytest.raises(LexgraftError, match=r"viewer\.json: not as it was written"):
        read_viewer(tmp_path)


def test_a_record_survives_json():
    viewer = invented_viewer(3)
    assert msgspec.json.decode(msgspec.json.encode(viewer), type=type(viewer)) == viewer
