"""Training as a picture."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from flashfit.figure import BLUE, GREY, ORANGE


def learning_curve_picture(history: Mapping[str, Sequence[float]], best_epoch: int) -> Figure:
    """Loss, and accuracy or mean absolute error, by epoch, training beside validation.

    history: Keras' names; best_epoch from 0.
    """
    second = "accuracy" if "accuracy" in history else "mean_absolute_error"
    figure = Figure(figsize=(9.6, 3.6), layout="constrained")
    for place, name in enumerate(("loss", second), start=1):
        axes = figure.add_subplot(1, 2, place)
        axes.spines[["top", "right"]].set_visible(False)
        epochs = range(1, len(history[name]) + 1)
        axes.plot(epochs, history[name], color=GREY, label="training")
        axes.plot(epochs, history[f"val_{name}"], color=BLUE, label="validation")
        axes.axvline(best_epoch + 1, color=ORANGE, linewidth=1, linestyle="--", label=f"kept: {best_epoch + 1}")
        axes.set_xlabel("epoch")
        axes.set_title(name.replace("_", " "))
        axes.legend()
    return figure
