from lexgraft.adoption.report.report_words import in_both, named
from lexgraft.adoption.stages.sealed_test import TITLE
from lexgraft.adoption.verdict_text import verdict_sentence
from lexgraft.records import Criterion


def test_a_verdict_names_the_worst_requirement_in_the_words_of_the_report():
    gain = Criterion("target gain", "en->ja", 0.3, 0.145, 0.445, 0.05, "pass", 60)
    bits = Criterion("bits per byte", "ja/manual", -0.11, -0.187, -0.058, -0.02, "fail", 9)
    assert verdict_sentence(in_both(named, "merge"), "fail", [gain, bits]) == {
        "en": "Merge: failed. Running text (bits per byte) · Japanese · manual: "
        "−11.0 % [−18.7, −5.8], wanted ≥ −2.0 %, n = 9",
        "ja": "マージ：不合格。一般文章の予測精度（低下率） · 日本語 · 取扱説明書："
        "−11.0 % [−18.7, −5.8]、基準 ≥ −2.0 %、n = 9",
    }


def test_an_open_verdict_names_what_is_open():
    open_one = Criterion("target gain", "en->ja", 0.067, -0.05, 0.21, 0.05, "undecided", 30)
    said = verdict_sentence(TITLE, "undecided", [open_one])
    assert said["en"].startswith("Sealed concepts: undecided. Gain in the target language")
    assert said["en"].endswith("wanted ≥ +5.0 pt, n = 30")
    assert verdict_sentence(in_both(named, "headroom"), "pass", []) == {
        "en": "Headroom: passed",
        "ja": "伸びしろ（D だけが知る用語の割合）：合格",
    }
