"""Bar charts as SVG, with colours that can be read on light and on dark ground."""

import math
from html import escape

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 14px; font-weight: 600 } .own { font-weight: 700 }
.value { font-size: 11px } .grid { stroke: #8c959f; stroke-opacity: .35 }
.spread { stroke: #1f2328; stroke-width: 1.5 }
.s0 { fill: #4c8fd6 } .s1 { fill: #d9902f } .s2 { fill: #5aa469 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .spread { stroke: #e6edf3 }
}"""
WIDTH, LEFT, RIGHT, TOP_ROOM, BOTTOM = 800, 180, 90, 62, 46
BAR, GAP = 13, 9


def text(x, y, words, kind="", anchor="start"):
    """A line of text at a place."""
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">' \
        f"{escape(words)}</text>"


def number(value):
    """Three digits that count, with commas between thousands."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{round(value, 2 - math.floor(math.log10(abs(value)))):,.{digits}f}"


class Axis:
    """What maps values to places, linear from zero or in steps of ten."""

    def __init__(self, values, is_logarithmic):
        self.is_logarithmic = is_logarithmic
        self.low = 10 ** math.floor(math.log10(min(values))) if is_logarithmic else 0
        if is_logarithmic:
            steps = math.ceil(math.log10(max(values) / self.low))
            self.ticks = [self.low * 10**step for step in range(steps + 1)]
        else:
            step = self.step(max(values))
            self.ticks = [step * index for index in range(math.ceil(max(values) / step) + 1)]

    @staticmethod
    def step(highest):
        """A round step that gives four to eight ticks."""
        size = 10 ** math.floor(math.log10(highest / 4))
        return next(size * times for times in (1, 2, 5, 10) if highest / (size * times) <= 8)

    def place(self, value):
        """Where a value stands."""
        high = self.ticks[-1]
        if self.is_logarithmic:
            part = math.log(max(value, self.low) / self.low) / math.log(high / self.low)
        else:
            part = value / high
        return LEFT + part * (WIDTH - LEFT - RIGHT)


def grid(axis, bottom, label):
    """The ticks, their values and the axis' label."""
    for tick in axis.ticks:
        x = axis.place(tick)
        yield f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{TOP_ROOM - 6}" y2="{bottom}" class="grid"/>'
        yield text(x, bottom + 16, number(tick), anchor="middle")
    yield text((LEFT + WIDTH - RIGHT) / 2, bottom + 36, label, anchor="middle")


def bar(axis, y, series, figure):
    """One bar, the spread over its end, and its value."""
    start, end = axis.place(axis.low), axis.place(figure["median"])
    low, high = axis.place(figure["min"]), axis.place(figure["max"])
    yield f'<rect x="{start:.1f}" y="{y}" width="{max(end - start, 1):.1f}" height="{BAR - 2}" ' \
        f'class="s{series}"/>'
    middle = y + BAR / 2 - 1
    yield f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" class="spread"/>'
    yield text(max(end, high) + 5, y + BAR - 3, number(figure["median"]), "value")


def legend(names):
    """The names of the series beside their colours."""
    for index, name in enumerate(names):
        x = LEFT + 150 * index
        yield f'<rect x="{x}" y="32" width="12" height="12" class="s{index}"/>'
        yield text(x + 18, 42, name)


def chart(title, label, names, rows, is_logarithmic=False):
    """A bar chart: rows are a name, whether it is our own, and a figure or None for each series."""
    axis = Axis([figure["max"] for _, _, row in rows for figure in row if figure]
                + [figure["min"] for _, _, row in rows for figure in row if figure],
                is_logarithmic)
    height = len(names) * BAR + GAP
    bottom = TOP_ROOM + height * len(rows)
    lines = [text(LEFT, 20, title, "title"), *legend(names), *grid(axis, bottom, label)]
    for index, (name, is_own, row) in enumerate(rows):
        top = TOP_ROOM + index * height
        middle = top + len(names) * BAR / 2 + 4
        lines.append(text(LEFT - 8, middle, name, "own" if is_own else "", "end"))
        for series, figure in enumerate(row):
            if figure:
                lines += bar(axis, top + series * BAR, series, figure)
    size = f'width="{WIDTH}" height="{bottom + BOTTOM}" viewBox="0 0 {WIDTH} {bottom + BOTTOM}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return "\n".join([head, f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>", *lines,
                      "</svg>", ""])
