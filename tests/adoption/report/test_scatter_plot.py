"""The central figure shows every model where its two numbers put it."""

from lexgraft.adoption.report.point_labels import keys
from lexgraft.adoption.report.report_record import FigurePoint, PointKind, Report
from lexgraft.adoption.report.scatter_plot import scatter, symbol
from lexgraft.records import Score


def _point(kind: PointKind, model: str, up: float, right: float) -> FigurePoint:
    return FigurePoint(
        kind,
        "choose" if kind == "candidate" else "confirm",
        Score("acquisition", model, "ja->ja", up, up, up, 100),
        Score("retention", model, "en->en", right, right, right, 100),
    )


def test_a_point_and_the_gate_are_placed_by_hand():
    points = [_point("winner", "merge:ties", 0.5, 0.5)]
    drawn = scatter(points, 0.25, target="ja", domain="en")
    # across and up 0 … 0.5, four per cent left free on each side
    assert '<svg x="96.00%" y="4.00%"><path' in drawn
    assert '<rect x="0" y="0" width="100%" height="50.00%" class="gate">' in drawn
    assert '<text x="77.60%" y="100%" dy="1.4em" class="tick">+40</text>' in drawn


def test_every_point_has_its_cross_symbol_and_key(report: Report):
    drawn = scatter(report.points, report.wanted, target="ja", domain="en")
    assert drawn.count('<g class="point ') == len(report.points) == 12
    for key in ("1", "6", "base", "G", "D", "P", "W", "T"):
        assert f">{key}</text>" in drawn
    assert drawn.count("mark hollow") == 6  # the candidates, measured on `choose`


def test_candidates_are_numbered_and_repeated_letters_too():
    kinds: list[PointKind] = ["candidate", "parent", "candidate", "tuned", "tuned"]
    points = [_point(kind, "G", 0.1, 0.1) for kind in kinds]
    assert keys(points) == ["1", "G", "2", "T", "T2"]


def test_labels_of_neighbours_do_not_share_a_place():
    far = [_point("parent", "D", 0.4, -0.2), _point("parent", "G", -0.3, 0.3)]
    points = [*far, *(_point("candidate", str(number), 0.1, 0.1) for number in range(4))]
    drawn = scatter(points, None, target="ja", domain="en")
    labels = [part.split(">")[0] for part in drawn.split("<text")[1:] if 'class="label' in part]
    assert len(labels) == len(set(labels)) == 6


def test_there_is_no_shaded_area_without_a_gate():
    drawn = scatter([_point("tuned", "t", 0.1, 0.1)], None, target="ja", domain="en")
    assert "gate" not in drawn


def test_the_key_repeats_shape_and_filling():
    assert "hollow" in symbol(_point("candidate", "c", 0, 0))
    assert "hollow" not in symbol(_point("winner", "w", 0, 0))
