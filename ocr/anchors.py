"""Where a card may lie when its edges do not show it: by the lines of text that stand on it."""

import numpy as np

from ocr.arrays import Points
from ocr.detector import TextLine
from ocr.layout import Box, Layout
from ocr.projection import projected, pulled, rim, to_picture

_LONG = 12  # so many of the longest lines may be the one that every card has
_TRIED = 10
_REACHES = (60.0, 40.0, 25.0)  # dots of the card: the guess gets better with each look
_FEWEST, _MOST = 4, 200  # lines: a card has some twenty, a page may have a thousand words
_BROKEN = 40  # so many of the longest lines may be pieces of one
_GAP, _KIN = 1.2, 1.6  # heights between two pieces; how unlike in height they may be
_WORTH_IT = 0.4  # of the best guess: what is worse is none
_ALIKE = 0.03  # of a card's width: guesses that are nearer are one
_SLIM = (0.5, 1.9)  # how slim a line may seem, against what its box says
_UNLIKE = 1.4  # how much larger or smaller a card may be than another beside it
_RUNNING = 1.5  # heights: of a shorter line it is not known which way it runs
_TURN, _MOST_KIN = 0.12, 40  # radians between lines of one direction; more of them are a page, not a card
_TALL = (40.0, 46.0, 52.0)  # dots of the card that its lines may seem high
_HIGH = (24.0, 160.0)  # dots of the card: lines that are lower or higher are no print of it
_APART = 0.1  # of the card's height: two lines that are nearer do not show how it leans


def corners_from(lines: list[TextLine], layout: Layout, width: float | None = None) -> list[Points]:
    """Return guesses of the corners of a card of this layout, clockwise from its top left, the best first.

    `lines`: the longest first; `width`: about how wide the card must be, in dots of the picture, where that is known.
    """
    if len(lines) < _FEWEST:
        return []
    lines = lines[:_MOST]
    places = _places(layout)
    ends = np.array([[line.start, line.end] for line in lines])
    heights = np.array([line.height for line in lines])
    whole = sorted([*lines, *_joined(lines)], key=lambda each: -each.length)
    guesses: list[tuple[float, Points]] = []
    for box in layout.spans:
        for line in [each for each in whole if _may_be(each, box, width and width / layout.size[0])][:_LONG]:
            for span in ((line.start, line.end), (line.end, line.start)):
                guesses += _leaning(_kin(ends, heights, line.length / (box[2] - box[0])), span, box, places[0], layout)
    guesses.sort(key=lambda each: -each[0])
    better = [
        _improved(corners, places, (ends, heights), layout) for corners in _distinct([c for _, c in guesses[:_TRIED]])
    ]
    better.sort(key=lambda each: -each[0])
    spanned = [corners for worth, corners in better if worth > _WORTH_IT * better[0][0]]
    return _distinct(spanned + _by_direction(lines, places, layout))


def _kin(ends: Points, heights: Points, scale: float) -> Points:
    """Return begin and end of the lines that may be print of a card of which one dot is `scale` of the picture's."""
    return ends[(heights > _HIGH[0] * scale) & (heights < _HIGH[1] * scale)]


def _improved(
    corners: Points, places: tuple[Points, Points], lines: tuple[Points, Points], layout: Layout
) -> tuple[float, Points]:
    """Return how well lines meet their places, and the corners pulled to where they do best."""
    worth = 0.0
    ends = _kin(*lines, float(np.linalg.norm(corners[1] - corners[0])) / layout.size[0])
    if len(ends) == 0:
        return worth, corners
    for reach in _REACHES:
        met, off, worth = _matches(corners, places, ends, layout, reach)
        if len(met) >= _FEWEST:
            corners = pulled(corners, met, off, np.ones(len(met)), layout.size)
    return worth, corners


def _by_direction(lines: list[TextLine], places: tuple[Points, Points], layout: Layout) -> list[Points]:
    """Return where cards may lie whose lines run another way than the rest of the picture's.

    Of a card on a printed page, with glare on its number, this is what is left. How large it is follows from how high
    its lines are.
    """
    slim = [line for line in lines if line.length > _RUNNING * line.height]
    runs = np.array([line.end - line.start for line in slim]).reshape(-1, 2)
    angles = np.arctan2(runs[:, 1], runs[:, 0])
    alike = np.abs(np.sin(angles[:, None] - angles)) < _TURN
    free = np.ones(len(slim), bool)
    guesses = []
    while (alike & free)[free].sum(axis=1).max(initial=0) >= _FEWEST:
        one = int(np.where(free, (alike & free).sum(axis=1), 0).argmax())
        chosen = alike[one] & free
        free &= ~chosen
        if chosen.sum() <= _MOST_KIN:
            kin = [line for line, each in zip(slim, chosen, strict=True) if each]
            turned = angles[one] + float(np.median(np.arcsin(np.sin(angles[chosen] - angles[one]))))
            guesses += [_voted(kin, turned + sense, places, layout) for sense in (0.0, np.pi)]
    return guesses


def _voted(lines: list[TextLine], angle: float, places: tuple[Points, Points], layout: Layout) -> Points:
    """Return where most of the lines begin at places where print does, on a card that is turned by `angle`."""
    along = np.array([np.cos(angle), np.sin(angle)])
    frame = np.stack([along, [-along[1], along[0]]])
    ends = np.array([[line.start, line.end] for line in lines])
    turned = ends @ frame.T
    begins = np.where((turned[:, 0, 0] < turned[:, 1, 0])[:, None], turned[:, 0], turned[:, 1])
    height = float(np.median([line.height for line in lines]))
    guesses = []
    for tall in _TALL:
        seen = begins * (tall / height)
        moves = (seen[:, None] - places[0]).reshape(-1, 2)
        apart = _apart(moves[:, None] + places[0], seen)
        worth = np.maximum(1 - apart / _REACHES[0], 0).sum(axis=1)
        best = int(worth.argmax())
        guesses.append((float(worth[best]), (rim(layout.size) + moves[best]) * (height / tall) @ frame))
    heights = np.array([line.height for line in lines])
    return _improved(max(guesses, key=lambda each: each[0])[1], places, (ends, heights), layout)[1]


def _joined(lines: list[TextLine]) -> list[TextLine]:
    """Return what the longest become with what carries them on: widely spaced characters are found one by one."""
    starts, ends = (np.array([getattr(line, end) for line in lines]) for end in ("start", "end"))
    middles, runs = (starts + ends) / 2, ends - starts
    heights = np.array([line.height for line in lines])
    whole = []
    for line in lines[:_BROKEN]:
        along = (line.end - line.start) / line.length
        away = middles - line.start
        kin = np.abs(away @ [-along[1], along[0]]) < 0.4 * line.height
        kin &= (heights < _KIN * line.height) & (heights > line.height / _KIN)
        half = np.maximum(np.abs(runs[kin] @ along), heights[kin]) / 2
        lefts, rights = away[kin] @ along - half, away[kin] @ along + half
        begin, end = 0.0, line.length
        for left, right in sorted(zip(lefts.tolist(), rights.tolist(), strict=True)):
            if left < end + _GAP * line.height:
                end = max(end, right)
        for left, right in sorted(zip(lefts.tolist(), rights.tolist(), strict=True), key=lambda part: -part[1]):
            if right > begin - _GAP * line.height:
                begin = min(begin, left)
        if end - begin >= line.length + line.height:
            whole.append(TextLine(line.start + begin * along, line.start + end * along, line.height, line.sure))
    return whole


def _may_be(line: TextLine, box: Box, scale: float | None) -> bool:
    slim = line.length / line.height / ((box[2] - box[0]) / (box[3] - box[1]))
    long = line.length / (box[2] - box[0]) / scale if scale else 1.0
    return _SLIM[0] < slim < _SLIM[1] and 1 / _UNLIKE < long < _UNLIKE


def _distinct(guesses: list[Points]) -> list[Points]:
    kept: list[Points] = []
    for corners in guesses:
        near = _ALIKE * np.linalg.norm(corners[1] - corners[0])
        if all(np.abs(corners - other).max() > near for other in kept):
            kept.append(corners)
    return kept


def _places(layout: Layout) -> tuple[Points, Points]:
    """Return where lines begin, n x 2, in dots of the card, and where those end that always end there, m x 2."""
    starts = [[label.box[0], _middle(label.box)] for label in layout.labels]
    for field in layout.fields:
        first = _middle(field.box) if field.lines == 1 else field.box[1] + 18
        starts += [[field.box[0], first + number * field.pitch] for number in range(field.lines)]
    stops = {(box[2], _middle(box)) for box in layout.spans}
    return np.array(starts, float), np.array(sorted(stops), float)


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2


def _leaning(
    ends: Points, span: tuple[Points, Points], box: Box, starts: Points, layout: Layout
) -> list[tuple[float, Points]]:
    """Return how well they fit and where they lie: cards on which `box` reaches from end to end of `span`.

    How they lean is taken from a second line, which each label of another row may be the beginning of; those without
    labels do not lean.
    """
    begin, end = span
    along = (end - begin) / (box[2] - box[0])
    scale = float(np.linalg.norm(along))
    runs = ends[:, 1] - ends[:, 0]
    turned = (runs @ along) / (np.hypot(*runs.T) * scale)
    begins = np.where((turned > 0)[:, None], ends[:, 0], ends[:, 1])[np.abs(turned) > 0.9]
    seen = begins - begin
    seen = seen[np.hypot(*seen.T) < 1.3 * layout.size[0] * scale]
    origin = np.array([box[0], _middle(box)])
    labels = np.array([[label.box[0], _middle(label.box)] for label in layout.labels]).reshape(-1, 2) - origin
    labels = labels[np.abs(labels[:, 1]) > _APART * layout.size[1]]
    # Down the card, for each label and each line: 2 numbers.
    down = ((seen[None] - labels[:, :1, None] * along) / labels[:, 1:, None]).reshape(-1, 2)
    if not layout.labels:
        down = np.array([[-along[1], along[0]]])
    across = (along[0] * down[:, 1] - along[1] * down[:, 0]) / scale**2
    leaning = np.abs(down @ along) / scale**2
    down = down[(across > 0.6) & (across < 1.6) & (leaning < 0.5)]
    if len(down) == 0 or len(seen) == 0:
        return []
    rows = starts - origin
    placed = rows[None, :, :1] * along + rows[None, :, 1:] * down[:, None]
    apart = _apart(placed, seen) / scale
    worth = np.maximum(1 - apart / _REACHES[1], 0).sum(axis=1)
    edges = rim(layout.size) - origin
    best = np.argsort(-worth)[:2]
    return [(float(worth[one]), begin + edges[:, :1] * along + edges[:, 1:] * down[one]) for one in best]


def _apart(points: Points, others: Points) -> Points:
    """Return how far from each of many points, ... x 2, the nearest of the others, n x 2, is."""
    return np.asarray(np.sqrt(_squares(points, others).min(axis=-1)))


def _squares(points: Points, others: Points) -> Points:
    """Return the squares of the distances between each of many points, ... x 2, and each of the others, n x 2.

    A sum over pairs of numbers would take numpy five times as long.
    """
    x, y = (points[..., None, axis] - others[:, axis] for axis in (0, 1))
    x *= x
    y *= y
    x += y
    return np.asarray(x)


def _matches(
    corners: Points, places: tuple[Points, Points], ends: Points, layout: Layout, reach: float
) -> tuple[Points, Points, float]:
    """Return the places at which a line of the picture begins or ends, how far off it does, and how well all fit."""
    seen = projected(ends.reshape(-1, 2), np.linalg.inv(to_picture(corners, layout.size))).reshape(-1, 2, 2)
    from_left = np.take_along_axis(seen, seen[:, :, :1].argsort(axis=1), axis=1)
    met, off, worth = [], [], 0.0
    for side, expected in enumerate(places):
        apart = np.sqrt(_squares(expected, from_left[:, side]))
        nearest = apart.argmin(axis=1)
        near = (apart.min(axis=1) < reach) & (apart.argmin(axis=0)[nearest] == np.arange(len(expected)))
        met.append(expected[near])
        off.append((from_left[nearest, side] - expected)[near])
        worth += float((1 - apart.min(axis=1)[near] / reach).sum())
    return np.concatenate(met), np.concatenate(off), worth
