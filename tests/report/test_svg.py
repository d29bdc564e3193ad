"""Drawings: well formed, escaped, inside their box."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from automl.report import charts, svg
from automl.report.facts import CurveFacts, GridFacts, ReliabilityBin, SearchFacts, SearchPoint

numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_any_text_is_escaped(text: str) -> None:
    element = ET.fromstring(str(svg.tag("text", text, id=text)))
    assert (element.text or "") == text
    assert element.attrib["id"] == text


@given(numbers, numbers, numbers)
def test_places_stay_on_the_track(value: float, low: float, high: float) -> None:
    assert 0 <= svg.place(value, low, high) <= 100


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_lie_inside(low: float, width: float) -> None:
    found = svg.ticks(low, low + width)
    slack = 1e-6 * max(abs(low), width)
    assert 2 <= len(found) <= 8
    assert all(low - slack <= tick <= low + width + slack for tick in found)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=400), st.integers(3, 50))
def test_thinned_curves_keep_their_ends(points: list[tuple[float, float]], limit: int) -> None:
    kept = svg.thin(points, limit)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert len(kept) <= max(limit, 2)


def test_curves_of_a_million_points_are_small() -> None:
    points = tuple(i / 10**5 for i in range(10**5 + 1))
    drawn = charts.curve(CurveFacts(x=points, y=points), "c", "t", ("x", "y"))
    assert len(drawn) < 10_000


def test_every_chart_is_named_for_screen_readers() -> None:
    bins = [ReliabilityBin(mean_predicted=0.2, observed=0.3, low=0.2, high=0.4, rows=10)]
    drawn = [
        charts.curve(CurveFacts(x=(0.0, 1.0), y=(0.0, 1.0)), "a", "A & B", ("x", "y")),
        charts.reliability(bins, "b", "B", (0.0, 1.0), ("x", "y"), str),
        charts.grid(GridFacts(predicted_edges=(0, 1), actual_edges=(0, 1), counts=((3,),)), "c", ""),
        charts.search(SearchFacts(trials=1, seconds=1, budget="1 s", history=(SearchPoint(elapsed=0.5, best=1.0),)), "d"),
        charts.hundred(1, 2, 3, 94),
    ]
    for drawing in drawn:
        element = ET.fromstring(str(drawing))
        ids = {child.attrib["id"] for child in element if child.tag in ("title", "desc")}
        assert element.attrib["role"] == "img"
        assert set(element.attrib["aria-labelledby"].split()) == ids


def test_a_hundred_cases_are_a_hundred_marks() -> None:
    drawn = str(charts.hundred(20, 5, 25, 50))
    assert [drawn.count(f"#mark-{kind}") for kind in ("hit", "miss", "alarm", "rest")] == [20, 5, 25, 50]
