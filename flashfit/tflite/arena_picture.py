"""The arena over time: what each operator of a model needs alive, beside what TFLM took."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flashfit.figure import BLUE, ORANGE, RED, new_figure
from flashfit.tflite.inspection import Inspection

_KIB = 1024
_MOST_KIB = 1e12  # what a lying shape says is cut off here: nothing that draws likes 500 digits
_MOST_NAMES = 48  # more cannot be read side by side
_MOST_LETTERS = 30


def arena_picture(inspection: Inspection, title: str) -> Figure:
    """Bars of live bytes by operator, the highest in orange, TFLM's measured head as a line."""
    alive = [min(row.live_bytes / _KIB, _MOST_KIB) for row in inspection.operators]
    figure, axes = new_figure(width=min(16.0, max(6.4, 2.0 + 0.28 * len(alive))), height=4.8)
    axes.bar(range(len(alive)), alive, color=BLUE)
    if alive:
        peak = max(range(len(alive)), key=alive.__getitem__)
        label = f"most alive: {_shown(alive[peak])} KiB, {_name(inspection, peak)}"
        axes.bar([peak], [alive[peak]], color=ORANGE, label=label)
    _draw_head(axes, inspection)
    _name_operators(axes, inspection)
    axes.set_ylabel("activations alive, KiB")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=8, borderaxespad=0)
    axes.margins(x=0.02)
    figure.suptitle(title, fontsize=10, parse_math=False)
    return figure


def _draw_head(axes: Axes, inspection: Inspection) -> None:
    if inspection.arena_head_bytes is None:
        axes.plot([], [], color=RED, linestyle="--", label="TFLM does not run it: no arena measured")
        return
    head, tail = inspection.arena_head_bytes / _KIB, (inspection.arena_tail_bytes or 0) / _KIB
    label = f"head of TFLM's arena, measured: {_shown(head)} KiB; its tail, {_shown(tail)} KiB, comes on top"
    axes.axhline(head, color=RED, linestyle="--", linewidth=1, label=label)


def _name_operators(axes: Axes, inspection: Inspection) -> None:
    count = len(inspection.operators)
    if count > _MOST_NAMES:
        axes.set_xlabel(f"operators 0 to {count - 1:,}")
        return
    labels = [_name(inspection, number) for number in range(count)]
    axes.set_xticks(range(count), labels, rotation=90, fontsize=7, parse_math=False)


def _shown(kib: float) -> str:
    return f"{kib:,.1f}" if 0.1 <= kib < 1e6 else f"{kib:.2g}"


def _name(inspection: Inspection, number: int) -> str:
    """What stands under a bar; matplotlib would take what is between dollars for a formula."""
    return f"{number} {inspection.operators[number].name[:_MOST_LETTERS]}".replace("$", "")
