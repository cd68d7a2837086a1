"""A product section for data that were looked at, in YAML with comments that say why."""

import math
from collections.abc import Mapping
from typing import Any

import yaml

from flashfit.data.inspect.seen import Seen
from flashfit.data.inspect.traps import CLASS_SHARES, MOST_CLIPPED, MOST_IRREGULAR, QUIETEST_DBFS, UNEVEN, USUAL_SHAPE
from flashfit.data.inspect.words import groups_of
from flashfit.params import CsvSeriesSource, CsvTextSource, CsvWindowsSource
from flashfit.targets import Target

Tree = dict[str, Any]

_MOST_SIDE = 32
_MOST_HZ = 16_000
_MOST_CLIP_S = 2.0
_MOST_ARENA_BYTES = 48 * 1024
_KIB = 1024
_FEW_SAMPLES = 2_000
_USUAL_SAMPLES = 5_000
_MANY_SAMPLES = 20_000
_LEAST_EPOCHS = 3
_AUGMENT: Mapping[str, Tree] = {
    "image": {"shift": 0.08, "rotate_deg": 10, "zoom": 0.1, "contrast": 0.2},
    "audio": {"speed": 0.1, "shift_s": 0.05, "gain_db": 6, "noise_snr_db": 12, "mask_time": 0.1, "mask_frequency": 0.1},
    "motion": {"jitter": 0.05, "scale": 0.1, "warp": 0.1},
}
_MIXUP = 0.3
_BLENDED = ("audio", "motion")  # where blending was seen to help: docs/products.md
_FAMILIES = {
    "image": ["conv", "separable", "residual"],
    "audio": ["conv", "separable", "residual"],
    "motion": ["conv", "separable", "temporal"],
    "series": ["dense", "conv"],
    "text": ["dense"],
}


def propose(seen: Seen, name: str, target: Target) -> str:
    """`products` and `builds` for params.yaml: a product of that name on a target, to be built as it stands."""
    frontend = _frontend(seen)
    product = {
        "title": f"{name.replace('-', ' ').capitalize()}: {seen.reading.what}",
        "task": seen.reading.task,
        "labels": list(seen.labels),
        "unit": "",
        "source": seen.reading.source.model_dump(mode="json", exclude_unset=True, exclude_none=True),
        "expectations": _expectations(seen),
        "split": _split(seen),
        "frontend": frontend,
        "augment": _augment(seen, frontend["kind"]),
        "search": {
            "families": _families(seen, frontend["kind"]),
            "trials": 8,
            "batch": 2,
            "epochs": _epochs(seen, 12),
        },
        "train": {"epochs": _epochs(seen, 40), "patience": _epochs(seen, 40), "balance": _is_uneven(seen)},
        "quantize": {"calibration_samples": 256},
        "gates": _gates(seen),
    }
    build = {"product": name, "target": target.name, "budget": _budget(target)}
    comments = {f"products.{name}.{key}": why for key, why in _comments(seen).items()}
    tree = {"products": {name: product}, "builds": {f"{name}-{target.name}": build}}
    return "\n".join(_lines(tree, comments, "", 0)) + "\n"


def _lines(tree: Tree, comments: Mapping[str, str], above: str, depth: int) -> list[str]:
    """Block style, but for lists of plain values."""
    lines = []
    for key, value in tree.items():
        path = f"{above}.{key}" if above else str(key)
        nested = isinstance(value, dict) and value
        parts = isinstance(value, list) and value and isinstance(value[0], dict)
        shown = "" if nested or parts else f" {_flow(value)}"
        comment = f"  # {comments[path]}" if path in comments else ""
        lines.append(f"{'  ' * depth}{_flow(key)}:{shown}{comment}")
        if nested:
            lines += _lines(value, comments, path, depth + 1)
        for part in value if parts else ():
            first, *rest = _lines(part, comments, path, depth + 2)
            lines += [f"{'  ' * (depth + 1)}- {first.lstrip()}", *rest]
    return lines


def _flow(value: object) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, width=math.inf, allow_unicode=True, sort_keys=False)
    return text.removesuffix("...\n").strip()


def _comments(seen: Seen) -> dict[str, str]:
    """Why, by the key beside which it stands."""
    raised = "a first, modest aim: raise it to what the product needs"
    policies = {f"expectations.policy.{trap.check}": trap.words for trap in seen.traps if trap.check}
    source = {f"source.{key}": why for key, why in seen.reading.why.items()}
    leak = "no groups were found: people may lie in training and test; name them in source.group if you can"
    how = f"whole groups, by {groups_of(seen.reading.source)}" if seen.grouped else leak
    by = {"given": "as the data say", "time": "the first part of each series trains, the last tests"}
    return {
        **source,
        **policies,
        "title": "say what it is for",
        "source.group": "whose a sample is: no group lies in two splits",
        "source.on_bad_file": "files that cannot be read are left out" if seen.account.skipped else "or skip",
        "expectations.range": "what was seen, with room" if _is_measured(seen) else "all that the format holds",
        "split.by": by.get(seen.split.by, how),
        "frontend.clip_s": "95 % of the clips are no longer",
        "train.patience": "to the end, where the learning rate has fallen; fewer stops once validation no longer gains",
        "train.balance": "weigh each class by how rare it is",
        "gates.least_accuracy": f"halfway from always saying the largest class to 1; {raised}",
        "gates.least_auc": raised,
        "gates.least_r2": f"better than the mean; {raised}",
    }


def _is_measured(seen: Seen) -> bool:
    return isinstance(seen.reading.source, CsvWindowsSource | CsvSeriesSource)


def _expectations(seen: Seen) -> Tree:
    table = seen.table
    tree: Tree = {"range": _range(seen), "least_samples": max(1, round(0.9 * len(table)))}
    shape = str(table["shape"].mode()[0])
    if (table["shape"] == shape).mean() >= USUAL_SHAPE and not isinstance(seen.reading.source, CsvTextSource):
        tree = {"shape": [int(length) for length in shape.split("x")], **tree} if not seen.rates_hz else tree
    if seen.reading.task == "classification":
        tree |= {"least_class_share": CLASS_SHARES[0], "most_class_share": CLASS_SHARES[1]}
    tree |= {"most_duplicates": 0}
    if seen.rates_hz:
        tree |= {"quietest_dbfs": QUIETEST_DBFS, "most_clipped": MOST_CLIPPED}
    if seen.account.clocks:
        tree |= {"most_clock_steps": 0, "most_irregular": MOST_IRREGULAR}
    policy = {trap.check: trap.policy for trap in seen.traps if trap.check}
    return tree | {"largest_drift": 0.25, "policy": {**policy, "drift": "warn"}}


def _range(seen: Seen) -> list[float]:
    if seen.rates_hz:
        return [-32768, 32767]
    low, high = float(seen.table["min"].min()), float(seen.table["max"].max())
    if not _is_measured(seen) and low >= 0 and high <= 255:
        return [0, 255]
    room = 0.5 * (high - low) or 1.0
    return [_rounded(low - room, math.floor), _rounded(high + room, math.ceil)]


def _rounded(value: float, away: Any) -> float:
    """To two digits, away from zero or what away does."""
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1) if value else 1.0
    rounded = float(f"{away(value / step) * step:.6g}")
    return int(rounded) if rounded.is_integer() else rounded


def _split(seen: Seen) -> Tree:
    return seen.split.model_dump(mode="json")


def _frontend(seen: Seen) -> Tree:
    if seen.rates_hz:
        return _audio(seen)
    if isinstance(seen.reading.source, CsvTextSource):
        return {"kind": "text", "buckets": 1024, "of": "characters", "n": [2, 4], "weight": "log"}
    if isinstance(seen.reading.source, CsvSeriesSource):
        return {"kind": "series", "every": 1}
    if isinstance(seen.reading.source, CsvWindowsSource):
        return {"kind": "motion", "features": "raw"}
    return _image(seen)


def _image(seen: Seen) -> Tree:
    """No larger than 32 × 32, in the shape that most pictures have; square where they differ."""
    shapes = seen.table["shape"].value_counts(normalize=True)
    sides = [int(side) for side in str(shapes.index[0]).split("x")]
    height, width = sides[:2]
    factor = min(1.0, _MOST_SIDE / max(height, width))
    size = [max(1, round(height * factor)), max(1, round(width * factor))]
    if shapes.iloc[0] < USUAL_SHAPE:
        size = [max(size)] * 2
    of_colour = seen.table["shape"].str.count("x") > 1
    colour = "rgb" if of_colour.mean() > 0.5 else "grey"
    resized: Tree = {} if len(shapes) == 1 and factor == 1 else {"size": size}
    return {"kind": "image", **resized, "colour": colour, "scale": 1 / 255, "offset": 0.0}


def _audio(seen: Seen) -> Tree:
    rate = min(_MOST_HZ, int(seen.rates_hz[0]))
    longest = float(seen.table["duration_s"].quantile(0.95))
    clip_s = round(min(_MOST_CLIP_S, max(0.1, math.ceil(round(longest * 10, 3)) / 10)), 1)
    frames = {"window_s": 0.032, "hop_s": 0.02, "mels": 32, "low_hz": 60, "level": True}
    return {"kind": "audio", "features": "log-mel", "sample_rate_hz": rate, "clip_s": clip_s, **frames}


def _augment(seen: Seen, kind: str) -> Tree:
    """Fewer copies of more samples; none of windows in series and of texts, which stand for themselves."""
    count = len(seen.table)
    if kind not in _AUGMENT or count > _MANY_SAMPLES:
        return {"copies": 0}
    mixup = {"mixup": _MIXUP} if kind in _BLENDED and seen.reading.task == "classification" else {}
    return {"kind": kind, "copies": 3 if count < _FEW_SAMPLES else 1, **_AUGMENT[kind], **mixup}


def _epochs(seen: Seen, most: int) -> int:
    """So few that a first verdict takes minutes: an epoch of many samples teaches as much as several of few."""
    return max(_LEAST_EPOCHS, min(most, most * _USUAL_SAMPLES // len(seen.table)))


def _families(seen: Seen, kind: str) -> list[str]:
    return ["autoencoder"] if seen.reading.task == "anomaly" else _FAMILIES[kind]


def _is_uneven(seen: Seen) -> bool:
    counts = seen.counts.values()
    return seen.reading.task == "classification" and max(counts) > UNEVEN * min(counts)


def _gates(seen: Seen) -> Tree:
    aims: dict[str, Tree] = {
        "anomaly": {"metric": "auc", "least_auc": 0.6},
        "regression": {"metric": "r2", "least_r2": 0.0},
    }
    if seen.reading.task == "classification":
        majority = max(seen.counts.values()) / sum(seen.counts.values())
        aims["classification"] = {"metric": "accuracy", "least_accuracy": round((1 + majority) / 2, 2)}
    return {**aims[seen.reading.task], "largest_drop": 0.05, "least_class_recall": 0.0}


def _budget(target: Target) -> Tree:
    """A quarter of the flash, half of the memory: the rest is for TFLM, the front end and the application."""
    arena_bytes = min(target.sram // 2, _MOST_ARENA_BYTES)
    return {"flash": f"{target.flash // 4 // _KIB} KiB", "arena": f"{arena_bytes // _KIB} KiB", "macs": 10_000_000}
