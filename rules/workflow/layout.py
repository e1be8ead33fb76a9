"""Where the states and ways of a workflow stand in a picture: layered, top to bottom, no overlaps.

In: a graph and the widths its texts need. Out: boxes, signs and lines in whole units of a drawing.
Deterministic: the same graph gives the same picture. States stand in rows by their distance from
the first one; a way is a chain through the rows between, and its label is a box of its own in such
a row, so that nothing lies over anything else. Ways that lead back are laid out as if they led on.
A transition that leads from many states to one begins at a sign of its own that names them: drawn
as thirty lines it would hide the rest.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rules.workflow.graph import Arrow, Graph

MANY = 4
"""So many states from which one transition leads to one target are drawn as one sign."""
NODE, SIGN, START = 34, 20, 12
"""Heights of a state, of a way's label, and of the dot the record begins at."""
GAP, ROW = 22, 26
"""Between neighbors of a row, and between rows."""
SWEEPS, PULLS = 8, 40


@dataclass(frozen=True)
class Box:
    """A state, or the sign that stands for many states."""

    name: str
    """The state; `many:TRANSITION:TARGET` for a sign; empty for the dot of the beginning."""
    x: int
    """Of its middle."""
    y: int
    width: int
    height: int
    sources: tuple[str, ...] = ()
    """Of a sign: the states it stands for."""


@dataclass(frozen=True)
class Line:
    """A way: its curve, its label, and the arrows it stands for."""

    arrows: tuple[Arrow, ...]
    """Several where a transition and its opposite numbers share a line: equal ends."""
    path: str
    """Of an SVG path, its end at the target."""
    x: int
    y: int
    """Middle of its label."""
    width: int


@dataclass(frozen=True)
class Picture:
    """Everything that is drawn, in the order in which it is read."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    start: Line | None = None


@dataclass
class _Spot:
    """A place in a row: a state, a label, a sign, or a line that passes."""

    width: int
    height: int
    row: int = 0
    x: float = 0.0
    order: int = 0
    above: list[_Spot] = field(default_factory=list)
    below: list[_Spot] = field(default_factory=list)


@dataclass
class _Way:
    """Equal ends, and the chain of spots between them."""

    source: str
    target: str
    arrows: list[Arrow]
    chain: list[_Spot] = field(default_factory=list)
    is_back: bool = False
    label: _Spot | None = None


Width = Callable[[Sequence[Arrow]], int]


def layout(graph: Graph, state_width: Callable[[str], int], way_width: Width) -> Picture:
    """Return the picture of a workflow; the functions say how wide a text is."""
    ways = _ways(graph)
    rows = _rows(graph, ways)
    spots = {name: _Spot(state_width(name), NODE, rows[name]) for name in rows}
    if graph.initial:
        spots[""] = _Spot(START, START, rows[graph.initial] - 1)
        ways.append(_Way("", graph.initial, []))
    loops = [way for way in ways if way.source == way.target]
    for way in ways:
        if way.source != way.target:
            _chain(way, spots, way_width)
    every = _placed(spots, [way for way in ways if way.source != way.target])
    _spread(every, {id(spots[way.source]): way_width(way.arrows) for way in loops})
    return _picture(graph, spots, every, ways, way_width)


def many(source: str) -> bool:
    """Return whether a name is that of a sign which stands for many states."""
    return source.startswith("many:")


def _ways(graph: Graph) -> list[_Way]:
    """Return the ways by their ends; what many states share becomes one from a sign."""
    shared: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in graph.arrows:
        if arrow.source != arrow.target:
            shared.setdefault((arrow.transition, arrow.target), []).append(arrow)
    gathered = {
        id(arrow): f"many:{transition}:{target}"
        for (transition, target), arrows in shared.items()
        for arrow in arrows
        if len({one.source for one in arrows}) >= MANY
    }
    found: dict[tuple[str, str], _Way] = {}
    for arrow in graph.arrows:
        source = gathered.get(id(arrow), arrow.source)
        way = found.setdefault((source, arrow.target), _Way(source, arrow.target, []))
        if not many(source) or not way.arrows:
            way.arrows.append(arrow)
    return list(found.values())


def _rows(graph: Graph, ways: Sequence[_Way]) -> dict[str, int]:
    """Return the row of each state and sign: even numbers, the longest way from the first."""
    _turn_back(graph, ways)
    forward = [way for way in ways if way.source != way.target and not many(way.source)]
    rows = dict.fromkeys(graph.states, 0)
    _lower(rows, forward)
    led = {way.source if way.is_back else way.target for way in forward}
    sources = _sources(graph)
    for way in ways:
        if many(way.source) and way.target not in led:
            # where only a sign leads: beside the lowest of the states it stands for
            rows[way.target] = max(rows[one] for one in sources[way.source])
    _lower(rows, forward)
    for way in ways:
        if many(way.source):
            rows[way.source] = rows[way.target] - 2
    lowest = min(rows.values(), default=0)
    return {name: row - lowest for name, row in rows.items()}


def _lower(rows: dict[str, int], forward: Sequence[_Way]) -> None:
    """Put every state below those that lead to it."""
    for _ in range(len(rows)):
        moved = False
        for way in forward:
            first, last = (way.target, way.source) if way.is_back else (way.source, way.target)
            if rows[last] < rows[first] + 2:
                rows[last], moved = rows[first] + 2, True
        if not moved:
            break


def _turn_back(graph: Graph, ways: Sequence[_Way]) -> None:
    """Mark the ways that lead back, so that the others have no ring."""
    out: dict[str, list[_Way]] = {}
    for way in ways:
        out.setdefault(way.source, []).append(way)
    state: dict[str, str] = {}

    def visit(name: str) -> None:
        state[name] = "open"
        for way in out.get(name, ()):
            if way.target == name:
                continue
            if state.get(way.target) == "open":
                way.is_back = True
            elif way.target not in state:
                visit(way.target)
        state[name] = "done"

    for name in (graph.initial, *graph.states):
        if name and name not in state:
            visit(name)


def _chain(way: _Way, spots: Mapping[str, _Spot], way_width: Width) -> None:
    """Put a spot into every row between the ends; one of them holds the label."""
    first, last = spots[way.source], spots[way.target]
    if last.row < first.row:
        first, last = last, first
    inner = [_Spot(8, SIGN, row) for row in range(first.row + 1, last.row)]
    if way.arrows and inner:
        # beside the state it leads from, where the eye begins
        way.label = inner[-1 if way.is_back else 0]
        way.label.width = way_width(way.arrows)
        way.label.height = SIGN * len(way.arrows)
    chain = [first, *inner, last]
    for one, two in itertools.pairwise(chain):
        one.below.append(two)
        two.above.append(one)
    way.chain = chain if spots[way.source] is first else chain[::-1]


def _placed(spots: Mapping[str, _Spot], ways: Sequence[_Way]) -> list[list[_Spot]]:
    """Return the rows from top to bottom, each in an order with few crossings."""
    found: dict[int, list[_Spot]] = {}
    for spot in (*spots.values(), *(one for way in ways for one in way.chain[1:-1])):
        found.setdefault(spot.row, []).append(spot)
    rows = [found[number] for number in sorted(found)]
    for row in rows:
        for order, spot in enumerate(row):
            spot.order = order
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else rows[::-1]:
            _sort(row, down=down)
    return rows


def _sort(row: list[_Spot], *, down: bool) -> None:
    def middle(spot: _Spot) -> tuple[float, int]:
        near = spot.above if down else spot.below
        if not near:
            return float(spot.order), spot.order
        return sum(one.order for one in near) / len(near), spot.order

    row.sort(key=middle)
    for order, spot in enumerate(row):
        spot.order = order


def _spread(rows: Sequence[Sequence[_Spot]], beside: Mapping[int, int]) -> None:
    """Move every spot toward its neighbors above and below, as far as its row allows."""
    for row in rows:
        _fit(row, [float(spot.order * 120) for spot in row], beside)
    for pull in range(PULLS):
        for row in rows if pull % 2 == 0 else rows[::-1]:
            wished = []
            for spot in row:
                near = [*spot.above, *spot.below]
                wished.append(sum(one.x for one in near) / len(near) if near else spot.x)
            _fit(row, wished, beside)


def _fit(row: Sequence[_Spot], wished: Sequence[float], beside: Mapping[int, int]) -> None:
    """Put a row as near to its wishes as spots that do not overlap can be: least squares.

    Neighbors that want the same place become a block whose mean wish is met.
    """
    offsets, at = [], 0.0
    for number, spot in enumerate(row):
        if number:
            last = row[number - 1]
            at += (last.width + spot.width) / 2 + GAP + beside.get(id(last), 0)
        offsets.append(at)
    blocks: list[tuple[float, int]] = []
    for wish, offset in zip(wished, offsets, strict=True):
        mean, size = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, count = blocks.pop()
            mean, size = (mean * size + other * count) / (size + count), size + count
        blocks.append((mean, size))
    places = [mean for mean, size in blocks for _ in range(size)]
    for spot, place, offset in zip(row, places, offsets, strict=True):
        spot.x = place + offset


def _picture(
    graph: Graph,
    spots: Mapping[str, _Spot],
    rows: Sequence[Sequence[_Spot]],
    ways: Sequence[_Way],
    way_width: Width,
) -> Picture:
    loops = {way.source: way for way in ways if way.source == way.target}
    left = min((one.x - one.width / 2 for row in rows for one in row), default=0) - GAP
    heights, y = {}, float(GAP)
    for row in rows:
        height = max(one.height for one in row)
        heights[row[0].row] = y + height / 2
        y += height + ROW
    sources = _sources(graph)

    def place(spot: _Spot) -> tuple[int, int]:
        return round(spot.x - left), round(heights[spot.row])

    boxes = tuple(
        Box(name, *place(spot), spot.width, spot.height, sources.get(name, ()))
        for name, spot in spots.items()
    )
    lines, start = [], None
    for way in ways:
        if way.source == way.target:
            lines.append(_loop(way, place(spots[way.source]), spots[way.source], way_width))
            continue
        line = _line(way, place)
        if way.source:
            lines.append(line)
        else:
            start = line
    right = max(
        (
            one.x + one.width / 2 + (way_width(loops[name].arrows) + 30 if name in loops else 0)
            for name, one in spots.items()
        ),
        default=0,
    )
    right = max(right, *(one.x + one.width / 2 for row in rows for one in row))
    return Picture(round(right - left + GAP), round(y - ROW + GAP), boxes, tuple(lines), start)


def _sources(graph: Graph) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for arrow in graph.arrows:
        if arrow.source != arrow.target:
            name = f"many:{arrow.transition}:{arrow.target}"
            found.setdefault(name, {})[arrow.source] = None
    return {name: tuple(states) for name, states in found.items()}


def _line(way: _Way, place: Callable[[_Spot], tuple[int, int]]) -> Line:
    """Return the curve through a chain; it passes a label from its top to its bottom."""
    points: list[tuple[int, int]] = []
    down = way.chain[0].row < way.chain[-1].row
    sign = 1 if down else -1
    for number, spot in enumerate(way.chain):
        x, y = place(spot)
        half = spot.height // 2
        if number:
            points.append((x, y - sign * half))
        if number < len(way.chain) - 1:
            points.append((x, y + sign * half))
    path = f"M{points[0][0]} {points[0][1]}"
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        middle = (y1 + y2) // 2
        path += f"L{x2} {y2}" if x1 == x2 else f"C{x1} {middle} {x2} {middle} {x2} {y2}"
    label = way.label or way.chain[len(way.chain) // 2]
    return Line(tuple(way.arrows), path, *place(label), label.width)


def _loop(way: _Way, at: tuple[int, int], spot: _Spot, way_width: Width) -> Line:
    """Return the ear of a way that leads back into its own state, its label to the right."""
    x, y = at[0] + spot.width // 2, at[1]
    path = f"M{x} {y - 8}C{x + 24} {y - 16} {x + 24} {y + 16} {x} {y + 8}"
    width = way_width(way.arrows)
    return Line(tuple(way.arrows), path, x + 24 + width // 2, y, width)
