"""The curve of a training: loss and messages of every epoch, before and after thresholds came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 560, 180
INK, MUTED, LINE = "#1f2430", "#5b6470", "#d9dde3"
COLOURS = ("#2f6db3", "#c05a1c")  # told apart with any colour vision
STAGES = ("without thresholds", "with thresholds")
PANELS = (
    ("loss", (("loss", "training part"), ("validation_loss", "validation part"))),
    ("messages, share of all elements", (("validation_occupancy", "validation part"),)),
)


def learning_curve(history: Sequence[Mapping[str, float]], title: str) -> str:
    """An SVG drawing of a training's ``history``: two panels over epochs, one line a part.

    ``history`` has a record for each epoch, with ``stage`` (0 or 1), ``loss``, ``validation_loss`` and
    ``validation_occupancy``. A rule marks where thresholds came in.

    >>> epoch = {"stage": 0.0, "loss": 1.0, "validation_loss": 1.1, "validation_occupancy": 1.0}
    >>> learning_curve([epoch, {**epoch, "stage": 1.0, "loss": 0.5}], "mine")[:4]
    '<svg'
    """
    import altair
    import vl_convert

    before = sum(1 for figures in history if not figures["stage"])
    charts = []
    for heading, lines in PANELS:
        rows = [
            {"epoch": number + 1, "value": figures[name], "part": part}
            for number, figures in enumerate(history)
            for name, part in lines
        ]
        names = [part for _, part in lines]
        colours = COLOURS if len(names) == 2 else COLOURS[1:]
        base = altair.Chart(altair.InlineData(values=rows))
        drawn = base.mark_line(strokeWidth=2, point=len(history) < 30).encode(
            x=altair.X("epoch:Q", title="epoch", axis=altair.Axis(tickMinStep=1, format="d")),
            y=altair.Y("value:Q", title=heading, scale=altair.Scale(zero=True)),
            color=altair.Color("part:N", title=None, scale=altair.Scale(domain=names, range=list(colours))),
        )
        layers = [drawn]
        if 0 < before < len(history):
            mark = altair.Chart(altair.InlineData(values=[{"epoch": before + 0.5, "said": STAGES[1]}]))
            layers.append(mark.mark_rule(color=MUTED, strokeDash=[4, 4]).encode(x="epoch:Q"))
            layers.append(
                mark.mark_text(align="left", dx=5, baseline="top", color=MUTED, fontSize=11).encode(
                    x="epoch:Q", y=altair.value(2), text="said:N"
                )
            )
        charts.append(altair.layer(*layers).properties(width=WIDTH, height=HEIGHT))
    whole = altair.vconcat(*charts, title=title).resolve_scale(color="independent")
    spec = whole.configure(background="white").configure_axis(
        gridColor=LINE, labelColor=MUTED, titleColor=INK, titleFontWeight="normal"
    )
    svg: str = vl_convert.vegalite_to_svg(spec.to_json())
    return svg
