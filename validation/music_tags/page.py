"""docs/music-tags.md as text, of what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from deltasim.reports.quantities import quantity
from deltasim.validation.driving import spread, verdict
from deltasim.validation.music_tags.measured import (
    CHIPS,
    Family,
    Line,
    apart,
    mean_area,
)
from deltasim.workloads.music_tags.published import BANDS, PADDED, layers
from deltasim.workloads.music_tags.sounds import read_box
from deltasim.workloads.music_tags.structures import NAMES, SIZES, structure

PARAMETER_CHART, ENERGY_CHART = "music-tags-parameters.svg", "music-tags-energy.svg"
RIDGE = 0.68  # mean ROC AUC of a ridge regression on the levels
WITHIN = 0.01  # of mean ROC AUC, what deltas may lose
KIND_NAMES = {
    "dense": "every value sent",
    "naive": "θ given when it runs",
    "trained": "trained with θ",
}

Found = Mapping[tuple[str, str], Family]


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def over(lines: Sequence[Line], read: Callable[[Line], float], form: str) -> str:
    """A figure over the seeds."""
    return spread([read(line) for line in lines], form.format)


def signed(value: float) -> str:
    return f"{value:+.3f}"


def claim_table(found: Found) -> list[str]:
    """What the abstract claims, and ours."""
    small = found["crnn", "small"]
    rows = ["| claim | ours | verdict |", "|---|---|---|"]
    for size in SIZES:
        if ("crnn", size) not in found or ("k2c2", size) not in found:
            continue
        seen = apart(found["crnn", size].lines["dense"], found["k2c2", size].lines["dense"])
        rows.append(
            row(
                f"recurrence summarises over time: CRNN beside k2c2 of as many parameters, {size}",
                f"{signed(seen.difference)} of mean ROC AUC ({signed(seen.low)} to {signed(seen.high)})",
                seen.verdict,
            )
        )
    counts = [family.records[0]["parameters"] for family in found.values() if family.size == "small"]
    wide = 100 * (max(counts) / min(counts) - 1)
    times = {family.name: seconds(family) for family in found.values() if family.size == "small"}
    epochs = {record["recipe"]["epochs"] for family in found.values() for record in family.records}
    rows.append(
        row(
            "compared with three convolutional structures at controlled parameters and training time",
            f"{len(times)} structures within {wide:.1f} % of parameters, {epochs.pop()} epochs each, "
            f"{min(times.values()):.0f} to {max(times.values()):.0f} s of processor time",
            verdict(len(times) == len(NAMES) and wide <= 3 and not epochs),
        )
    )
    for size in SIZES:
        own = {name: mean_area(found[name, size].lines["dense"]) for name in NAMES if (name, size) in found}
        if len(own) < len(NAMES):
            continue
        best = max((name for name in own if name != "crnn"), key=lambda name: own[name])
        seen = apart(found["crnn", size].lines["dense"], found[best, size].lines["dense"])
        rows.append(
            row(
                f"CRNN performs strongly for its parameters and training time: beside the best other, {size}",
                f"{own['crnn']:.3f}, {best} {own[best]:.3f}: {signed(seen.difference)} "
                f"({signed(seen.low)} to {signed(seen.high)})",
                seen.verdict,
            )
        )
    rows.append(
        row(
            "ROC AUC of 0.8662 on the Million Song Dataset with 396,786 parameters",
            "parameters add up layer by layer (below); the songs are not free",
            "not tried",
        )
    )
    dense = mean_area(small.lines["dense"])
    rows.append(
        row(
            f"(ours) better than a ridge regression on the levels, {RIDGE}",
            f"{dense:.3f}",
            verdict(dense > RIDGE),
        )
    )
    kind = "trained" if "trained" in small.lines else "naive"
    lost = dense - mean_area(small.lines[kind])
    saved = float(np.mean([line.saved for line in small.lines[kind]]))
    naive = float(np.mean([line.saved for line in small.lines["naive"]]))
    rows.append(
        row(
            "(ours) deltas save weight fetches within a point (0.01) of mean ROC AUC",
            f"{saved:.2f} × fewer, {100 * lost:.1f} points lost",
            verdict(lost <= WITHIN and saved > 1),
        )
    )
    rows.append(
        row(
            "(ours) training with thresholds saves more than giving them when it runs, of those tried",
            f"{saved:.2f} × and {naive:.2f} ×",
            verdict(kind == "trained" and saved > naive),
        )
    )
    return rows


def seconds(family: Family) -> float:
    """Processor time of the training on whole clips, in the mean over the seeds."""
    return float(np.mean([record["learned"]["processor_s"] for record in family.records]))


def published_table() -> list[str]:
    """The published network, layer by layer."""
    rows = ["| layer | gives: bands × frames × planes | trained | stored |", "|---|---|--:|--:|"]
    for layer in layers():
        shape = " × ".join(map(str, layer.shape))
        rows.append(row(layer.name, shape, f"{layer.trained:,}", f"{layer.stored:,}"))
    trained, stored = (
        sum(values) for values in zip(*((one.trained, one.stored) for one in layers()), strict=True)
    )
    return [*rows, row("**together**", "", f"**{trained:,}**", f"**{stored:,}**")]


def structure_table(size: str) -> list[str]:
    """What every stage of our structures gives at a step."""
    rows = ["| structure | stages: kernel, planes → bands × frames a step | behind them |", "|---|---|---|"]
    for name in NAMES:
        one = structure(name, size)
        stages = [
            f"{stage.kernel[0]} × {stage.kernel[1]}, {stage.planes} → {shape.bands} × {shape.frames}"
            for stage, shape in zip(one.stages, one.shapes[1:], strict=True)
        ]
        behind = "GRU 32, GRU 32, read at the last step" if one.units else "read in the mean over the steps"
        rows.append(row(name, "; ".join(stages), behind))
    return rows


def score_table(found: Found) -> list[str]:
    """How well every structure tells tags, every value sent."""
    rows = [
        "| structure | parameters | seeds | mean ROC AUC of the tags | pooled | multiply-accumulates a clip "
        "| training, processor time |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for family in found.values():
        lines = family.lines["dense"]
        rows.append(
            row(
                f"{family.name}, {family.size}",
                f"{family.records[0]['parameters']:,}",
                str(len(lines)),
                over(lines, lambda line: line.areas.mean, "{:.3f}"),
                over(lines, lambda line: line.areas.pooled, "{:.3f}"),
                f"{lines[0].products:,.0f}",
                f"{seconds(family):.0f} s",
            )
        )
    return rows


def missing(found: Found) -> list[str]:
    """A sentence about structures that were not trained in a size; nothing where all were."""
    left_out = [f"{name} {size}" for size in SIZES for name in NAMES if (name, size) not in found]
    return ["", f"Not trained: {', '.join(left_out)}."] if left_out else []


def delta_table(found: Found) -> list[str]:
    """What thresholds do to every structure."""
    rows = [
        "| structure | messages | θ | mean ROC AUC | points lost | weight fetches, fewer |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for family in found.values():
        whole = mean_area(family.lines["dense"])
        for kind, lines in family.lines.items():
            thetas = [theta_of(record, kind) for record in family.records]
            rows.append(
                row(
                    f"{family.name}, {family.size}",
                    KIND_NAMES[kind],
                    "–" if kind == "dense" else spread(thetas, "{:g}".format),
                    over(lines, lambda line: line.areas.mean, "{:.3f}"),
                    f"{100 * (whole - mean_area(lines)):.1f}",
                    over(lines, lambda line: line.saved, "{:.2f} ×"),
                )
            )
    return rows


def tried(record: Mapping[str, Any], field: str) -> str:
    """The thresholds of a recipe.

    >>> tried({"recipe": {"naive": [0.1, 0.2]}}, "naive")
    '0.1, 0.2'
    """
    return ", ".join(f"{theta:g}" for theta in record["recipe"][field])


def theta_of(record: Mapping[str, float], kind: str) -> float:
    """The threshold that was chosen for a kind of network."""
    return float(record["theta" if kind == "trained" else "naive_theta"])


def cost_table(found: Found) -> list[str]:
    """Joules and seconds of a clip on each chip."""
    columns = " | ".join(f"{chip}: energy a clip | less | time a clip" for chip in CHIPS)
    rows = [f"| structure | messages | {columns} |", "|---|---|" + "--:|" * (3 * len(CHIPS))]
    for family in found.values():
        whole = family.lines["dense"]
        for kind, lines in family.lines.items():
            cells = [f"{family.name}, {family.size}", KIND_NAMES[kind]]
            for chip in CHIPS:
                joules = [line.costs[chip].joules for line in lines]
                dense = float(np.mean([line.costs[chip].joules for line in whole]))
                cells.append(spread(joules, lambda value: quantity(value, "J")))
                cells.append(f"{dense / float(np.mean(joules)):.2f} ×")
                cells.append(quantity(float(np.mean([line.costs[chip].seconds for line in lines])), "s"))
            rows.append(row(*cells))
    return rows


def tag_table(family: Family) -> list[str]:
    """The area of each tag."""
    clips = read_box()
    kinds = [kind for kind in ("dense", "trained") if kind in family.lines]
    rows = [
        row("tag", "clips of the test part", *(KIND_NAMES[kind] for kind in kinds)),
        "|---|" + "--:|" * (len(kinds) + 1),
    ]
    for number, name in enumerate(clips.tag_names):
        cells = []
        for kind in kinds:
            own = [line.areas.each[number] for line in family.lines[kind]]
            cells.append("–" if np.isnan(own).any() else spread(own, "{:.2f}".format))
        rows.append(row(name, str(int(clips.tags[:, number].sum())), *cells))
    return rows


def page(found: Found, command: str) -> str:
    """The whole page, in Markdown."""
    small = found["crnn", "small"]
    record = small.records[0]
    lines = [
        "# Music tags",
        "",
        f"Made by `{command}`",
        f"from what `{record['command']}` and its like wrote.",
        "A cell is the mean over the seeds, with the least and the largest. Misses are left in.",
        "",
        *ABOUT.splitlines(),
        "",
        "## Claims",
        "",
        *claim_table(found),
        "",
        *CLAIM_WORDS.splitlines(),
        "",
        "## The published network, layer by layer",
        "",
        *published_table(),
        "",
        *PUBLISHED_WORDS.splitlines(),
        "",
        "## In small, and block by block",
        "",
        *structure_table("small"),
        "",
        *STRUCTURE_WORDS.splitlines(),
        "",
        "## How well tags are told",
        "",
        f"![Mean ROC AUC over parameters]({PARAMETER_CHART})",
        "",
        *score_table(found),
        "",
        *SCORE_WORDS.splitlines(),
        *missing(found),
        "",
        "## With thresholds",
        "",
        *delta_table(found),
        "",
        *DELTA_WORDS.format(naive=tried(record, "naive"), trained=tried(record, "thetas")).splitlines(),
        "",
        "## On two chips",
        "",
        f"![Mean ROC AUC over energy]({ENERGY_CHART})",
        "",
        *cost_table(found),
        "",
        *COST_WORDS.splitlines(),
        "",
        "## Each tag",
        "",
        *tag_table(small),
        "",
        *TAG_WORDS.splitlines(),
        "",
        "## MagnaTagATune",
        "",
        *TRACK_WORDS.splitlines(),
    ]
    return "\n".join(lines) + "\n"


ABOUT = """\
What is heard in a sound clip, after the convolutional recurrent network (CRNN) of Choi et al. 2016: a
flute, a hit, water. 1,504 clips of 2 s of the OLPC Berklee Sound Library (CC BY 3.0) have some of 24 tags,
made of their file names; sounds of one name are never in two parts. 989 clips train the networks, 240
choose epochs and thresholds, 275 test them; those are in the box, so `deltasim run music-tags` needs no
data. Each network here was scored on the test part once, after all was chosen; while the tests were
written, networks of two epochs and the one in the box were run on some of it, and nothing was chosen by
that. It is a stand-in for the paper's songs, and small: four tags have fewer than five clips in the test
part."""

CLAIM_WORDS = """\
Claims are those of the paper's abstract; its tables could not be read. In brackets 90 % of draws of the
test part's groups; "not told apart" where they lie on both sides of 0. Networks of all seeds that both
have."""

PUBLISHED_WORDS = f"""\
The listed code makes one think of a batch norm of the input over {BANDS} bands; the released weights have
one of {PADDED} entries, an entry for each frame, and only so the parameters are the published 396,786. A
batch norm trains a gain and an offset for each entry and stores mean and variance beside them. One for each
band has 394,098, and is what a stream can compute: an entry for each frame has to know where in the clip a
frame lies. Nothing of this size is trained here."""

STRUCTURE_WORDS = """\
A step brings a block of four frames of 32 bands, 128 ms. A kernel of three frames reads back into the
blocks before and never ahead, so block after block gives what the whole clip does
(`tests/workloads/music_tags/test_tags.py` holds it against PyTorch over whole clips); the published network
pads on both sides instead. Behind every convolution stand a batch norm, the largest of a window, and an
ELU. Batch norms are folded into kernels and biases; that of the input has an entry a band and stands before
the network, for a kernel shared by all bands cannot take it in. A pooling keeps what was last sent of every
value in its window: the largest can fall again. An ELU rises, so it is computed once a window, behind the
largest. Names are the paper's, widths ours: all structures of a size have as many parameters. The paper's
convolutional structures end in two dense layers; ours in one, read in the mean over the steps. A kernel
that reads two blocks is stored once for each, which the parameters count once. Everything runs in fixed
point: weights of 8 bits, activations Q8.8."""

SCORE_WORDS = """\
Dense networks. *Mean*: the area under the ROC curve of each tag, in the mean; *pooled*: one area over all
answers of all tags, which is helped by knowing which tags are common. The training on whole clips takes the
same epochs for all; its time is that of one core of the machine it ran on, shared with others."""

DELTA_WORDS = """\
*When it runs*: one threshold everywhere; of those tried ({naive}) the largest that cost at most a point
(0.01) on the validation part. *Trained with θ*: the dense network trained on for as many epochs as the dense
one beside it, chosen likewise ({trained}); CRNN alone. Deltas are against the block before: what sounded 128
ms ago is still there or is not."""

COST_WORDS = """\
A clip is 16 steps; one clip in 25 was run. "Every value sent" sends them whether they changed or not.
`earbud` has one core and 1 MiB for weights, `mesh16` sixteen cores; all networks fit both, and an answer is
there long before the next block. Both are hypothetical; what their prices rest on is in `deltasim describe
chip NAME`."""

TAG_WORDS = """\
CRNN, small. A tag without a clip in the test part has no area and is left out of the mean; of one with a
handful an area says little."""

TRACK_WORDS = """\
`python -m deltasim.workloads.music_tags.making OUT --data FOLDER` trains on MagnaTagATune where FOLDER
holds `annotations_final.csv` and its MP3 files (the 50 commonest tags, clips of 29.12 s; folders 0 to b
train, c chooses, d to f test), and `deltasim run music-tags --data FOLDER --trained OUT/seed-0/crnn-small`
runs what came of it. The reader is tested with files that the tests make; on the real ones nothing was
trained here."""
