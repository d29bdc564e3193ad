"""Drawings as markup from numbers: small pure functions, no state, no scripts, no request.

Two kinds: *tracks* are as wide as their place on the page and measure x in percent, so that text never shrinks; *charts* have a fixed
picture box. Colours are classes, so that one style sheet serves light, dark and printed pages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

Points = Sequence[tuple[float, float]]


def tag(name: str, content: Markup | str = "", /, **attributes: object) -> Markup:
    """Return one element; text content and attribute values are escaped, underscores in names become hyphens.

    Example:
        >>> tag("text", "a < b", x=1.50001)
        Markup('<text x="1.5">a &lt; b</text>')
    """
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_written(item)}"' for key, item in attributes.items() if item is not None)
    inner = escape(content)
    return Markup(f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>")


def _written(item: object) -> Markup:
    return Markup(f"{item:.2f}".rstrip("0").rstrip(".")) if isinstance(item, float) else escape(item)


def join(parts: Sequence[Markup]) -> Markup:
    """Put elements one after the other."""
    return Markup("").join(parts)


def chart(content: Markup, name: str, title: str, description: str, width: float, height: float, kind: str = "") -> Markup:
    """Wrap a drawing with a fixed picture box, named for screen readers. `name` is its id, unique on the page."""
    head = tag("title", title, id=f"{name}-title") + tag("desc", description, id=f"{name}-description")
    labelled = f"{name}-title {name}-description"
    box, classes = f"0 0 {width:g} {height:g}", f"chart {kind}".strip()
    return tag("svg", head + content, id=name, viewBox=box, role="img", aria_labelledby=labelled, class_=classes)


def track(content: Markup, height: int = 22, kind: str = "") -> Markup:
    """Wrap a drawing as wide as its place. Its numbers stand in the text beside it, so screen readers skip it."""
    return tag("svg", content, width="100%", height=height, class_=f"track {kind}".strip(), aria_hidden="true", focusable="false")


def place(value: float, low: float, high: float) -> float:
    """Return where `value` lies between `low` and `high` in percent, kept 1.5 % away from both ends.

    Example:
        >>> place(5, 0, 10), place(-3, 0, 10), place(3, 2, 2)
        (50.0, 1.5, 50.0)
    """
    if not high > low or not math.isfinite(value):
        return 50.0
    return min(max(1.5 + 97.0 * (value - low) / (high - low), 1.5), 98.5)


def x_percent(value: float, low: float, high: float) -> str:
    """Return :func:`place` as an attribute."""
    return f"{place(value, low, high):.2f}".rstrip("0").rstrip(".") + "%"


def marker(x: str, y: float, kind: str = "other", style: str = "dot") -> Markup:
    """Draw the point of one model; the shape tells its kind, so that colour is not needed."""
    hole = tag("svg", Markup(_SHAPES.get(kind, _SHAPES["other"])), x=x, y=y, overflow="visible", class_=style)
    return hole


_SHAPES = {
    "network": '<circle r="5"/>',
    "ensemble": '<path d="M0-6.5 1.9-2.1 6.6-2 2.9 1 4.2 5.6 0 3-4.2 5.6-2.9 1-6.6-2-1.9-2.1Z"/>',
    "tree": '<path d="M0-5.6 5.6 4.4H-5.6Z"/>',
    "linear": '<rect x="-4.4" y="-4.4" width="8.8" height="8.8"/>',
    "naive": '<path d="M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5" class="stroke"/>',
    "other": '<circle r="5"/>',
}


def shape(kind: str) -> Markup:
    """Draw the shape of a kind of model for a legend."""
    return tag(
        "svg", Markup(_SHAPES.get(kind, _SHAPES["other"])), viewBox="-8 -8 16 16", width=14, height=14, class_="key dot", aria_hidden="true"
    )


def dot_interval(
    value: float | None,
    low: float | None,
    high: float | None,
    domain: tuple[float, float],
    *,
    kind: str = "other",
    reference: float | None = None,
    hollow: float | None = None,
    bar_from: float | None = None,
) -> Markup:
    """Draw a dot with its interval on a track over `domain`; optionally a reference line, a hollow second dot, a bar from a start."""
    start, end = domain
    parts = [tag("line", x1="0%", x2="100%", y1=11, y2=11, class_="rail")]
    if reference is not None:
        at = x_percent(reference, start, end)
        parts.append(tag("line", x1=at, x2=at, y1=0, y2=22, class_="reference"))
    if bar_from is not None and value is not None:
        left, right = sorted((place(bar_from, start, end), place(value, start, end)))
        parts.append(tag("rect", x=f"{left:.2f}%", width=f"{right - left:.2f}%", y=6, height=10, class_="bar"))
    if low is not None and high is not None:
        parts.append(tag("line", x1=x_percent(low, start, end), x2=x_percent(high, start, end), y1=11, y2=11, class_="interval"))
    if hollow is not None:
        parts.append(tag("svg", Markup('<circle r="4"/>'), x=x_percent(hollow, start, end), y=11, overflow="visible", class_="hollow"))
    if value is not None:
        parts.append(marker(x_percent(value, start, end), 11, kind))
    return track(join(parts))


def axis(ticks: Sequence[tuple[float, str]], domain: tuple[float, float]) -> Markup:
    """Write the numbers of a track's axis."""
    parts = []
    for position, label in ticks:
        at = place(position, *domain)
        anchor = "start" if at < 8 else "end" if at > 92 else "middle"
        parts.append(tag("line", x1=f"{at:.2f}%", x2=f"{at:.2f}%", y1=0, y2=4, class_="tick"))
        parts.append(tag("text", label, x=f"{at:.2f}%", y=17, text_anchor=anchor))
    return track(join(parts), 20, "axis")


def parts_bar(parts: Sequence[tuple[str, float]]) -> Markup:
    """Draw shares of a whole as one stacked bar of classes ``part-0``, ``part-1`` and so on."""
    total = sum(amount for _, amount in parts) or 1.0
    drawn, left = [], 0.0
    for position, (label, amount) in enumerate(parts):
        width = 100 * amount / total
        if amount > 0:
            drawn.append(
                tag(
                    "rect",
                    tag("title", label),
                    x=f"{left:.3f}%",
                    width=f"{max(width, 0.4):.3f}%",
                    y=0,
                    height=18,
                    class_=f"part-{position}",
                )
            )
        left += width
    return track(join(drawn), 18, "parts")


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers between two ends.

    Example:
        >>> ticks(0, 1)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low]
    raw = (high - low) / about
    scale = 10.0 ** math.floor(math.log10(raw))
    step = next(m * scale for m in (1, 2, 2.5, 5, 10) if raw <= m * scale * 1.0001)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def path(points: Points, kind: str, closed: bool = False) -> Markup:
    """Draw a line through points of the picture box."""
    inside = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    if not inside:
        return Markup("")
    commands = "L".join(f"{x:.1f} {y:.1f}" for x, y in inside)
    return tag("path", d=f"M{commands}{'Z' if closed else ''}", class_=kind)


def thin(points: Points, limit: int = 120) -> list[tuple[float, float]]:
    """Keep at most about `limit` points of a curve: both ends and the points that bend it most (Visvalingam's areas).

    Example:
        >>> thin([(0, 0), (1, 1), (2, 2), (3, 0)], limit=3)
        [(0, 0), (2, 2), (3, 0)]
    """
    kept = list(points)
    if len(kept) > 20 * limit:
        step = len(kept) / (20 * limit)
        kept = [kept[int(i * step)] for i in range(20 * limit)] + [kept[-1]]
    while len(kept) > limit:
        areas = [
            (abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])), i + 1)
            for i, (a, b, c) in enumerate(zip(kept, kept[1:], kept[2:], strict=False))
        ]
        drop = {i for _, i in sorted(areas)[: max((len(kept) - limit) // 3, 1)]}
        kept = [point for i, point in enumerate(kept) if i not in drop]
    return kept


class Frame:
    """A pair of axes in a picture box: turns values into places and draws the grid."""

    def __init__(
        self, width: float, height: float, x: tuple[float, float], y: tuple[float, float], margin: tuple[float, float, float, float]
    ) -> None:
        self.width, self.height, self.x, self.y = width, height, x, y
        self.top, self.right, self.bottom, self.left = margin

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place of a point in the picture box."""
        (x0, x1), (y0, y1) = self.x, self.y
        wide, tall = self.width - self.left - self.right, self.height - self.top - self.bottom
        across = (x - x0) / (x1 - x0) if x1 > x0 else 0.5
        up = (y - y0) / (y1 - y0) if y1 > y0 else 0.5
        return self.left + wide * min(max(across, 0.0), 1.0), self.top + tall * (1 - min(max(up, 0.0), 1.0))

    def line(self, points: Points, kind: str) -> Markup:
        """Draw a line through points given as values."""
        return path([self.at(x, y) for x, y in points], kind)

    def segment(self, a: tuple[float, float], b: tuple[float, float], kind: str, **attributes: object) -> Markup:
        """Draw a straight line between two points given as values."""
        (x1, y1), (x2, y2) = self.at(*a), self.at(*b)
        return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind, **attributes)

    def grid(self, x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[tuple[float, str]], x_title: str, y_title: str) -> Markup:
        """Draw fine lines, their numbers and the names of both axes."""
        parts = []
        bottom, middle = self.height - self.bottom, (self.left + self.width - self.right) / 2
        for position, label in y_ticks:
            _, y = self.at(self.x[0], position)
            parts += [
                self.segment((self.x[0], position), (self.x[1], position), "grid"),
                tag("text", label, x=self.left - 7, y=y + 4, text_anchor="end"),
            ]
        for position, label in x_ticks:
            x, _ = self.at(position, self.y[0])
            parts += [
                tag("line", x1=x, x2=x, y1=bottom, y2=bottom + 4, class_="tick"),
                tag("text", label, x=x, y=bottom + 17, text_anchor=self._anchor(x, label)),
            ]
        parts.append(self.segment((self.x[0], self.y[0]), (self.x[1], self.y[0]), "base"))
        parts.append(tag("text", x_title, x=middle, y=bottom + 36, text_anchor="middle", class_="name"))
        parts.append(tag("text", y_title, x=2, y=self.top - 11, class_="name"))
        return join(parts)

    def _anchor(self, x: float, label: str) -> str:
        """Return how a number of the lower axis stands to its line: a long one, such as a date, must not leave the picture."""
        half = 3.4 * len(label) if len(label) > 8 else 0.0
        return "end" if x + half > self.width else "start" if x - half < 0 else "middle"
