"""A new bundle against the version in production: both models answer the test split of today, on TFLM.

This is no part of the bundle, since production moves: publish asks it before the bundle becomes the candidate.
See docs/decisions/0011.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flashfit.data.features import load_features
from flashfit.gates.against import AgainstProduction
from flashfit.gates.answers import Answers, answers_of
from flashfit.gates.claims import drop_gate
from flashfit.gates.estimate import Drop
from flashfit.gates.evidence import level_of_look
from flashfit.gates.pair import Pair
from flashfit.gates.paired import drop_of
from flashfit.gates.verdict import Verdict
from flashfit.manifest import Manifest, bundle_sha256, read_manifest, read_manifest_bytes
from flashfit.params import Task
from flashfit.runtime.tflm import run_tflm
from tasks.paths import ProductPaths

_SAME = {"frontend_sha256": "front end", "labels.txt": "list of labels"}
_MODEL, _VERDICT = "model.tflite", "verdict.json"


def compare(bundle: Path, production: Path, version: int, look: int, prepared: ProductPaths) -> AgainstProduction:
    """Hold a checked bundle folder against that of the version in production.

    Only models of one front end and one list of labels can answer the same inputs.
    """
    verdict = Verdict.model_validate_json((bundle / _VERDICT).read_bytes())
    told = {"bundle_sha256": bundle_sha256(read_manifest_bytes(bundle)), "version": version, "look": look}
    if why_not := _difference(read_manifest(bundle), read_manifest(production)):
        return AgainstProduction(**told, gate=None, why_not=why_not)
    if verdict.quality is None or verdict.asked is None:
        return AgainstProduction(**told, gate=None, why_not="its verdict does not say what was asked")
    drop = _drop(verdict, bundle, production, level_of_look(look), prepared)
    return AgainstProduction(
        **told, gate=drop_gate(f"production version {version}", drop, verdict.quality, verdict.asked)
    )


def _difference(ours: Manifest, theirs: Manifest) -> str:
    """What keeps them from answering the same inputs; empty where nothing does."""
    for name, words in _SAME.items():
        known = [
            manifest.lineage.get(name) or (manifest.files[name].sha256 if name in manifest.files else None)
            for manifest in (ours, theirs)
        ]
        if known[0] != known[1]:
            return f"its {words} is another"
    return ""


def _drop(verdict: Verdict, bundle: Path, production: Path, level: float, prepared: ProductPaths) -> Drop:
    assert verdict.quality is not None  # compare says so
    assert verdict.asked is not None
    quality, gates = verdict.quality, verdict.asked
    test = load_features(prepared.features("test"))
    if (bundle / _MODEL).read_bytes() == (production / _MODEL).read_bytes():
        return Drop(0.0, 0.0, 0.0, 1.0, len(test), None, "the same model", level)
    before, after = (_answers(quality.task, folder, test.x) for folder in (production, bundle))
    pair = Pair(quality.task, test.y, before, after, test.groups, max(len(quality.int8_recall), 2))
    return drop_of(quality.metric, pair, gates.largest_drop, level)


def _answers(task: Task, folder: Path, inputs: NDArray[np.float32]) -> Answers:
    threshold = json.loads((folder / _VERDICT).read_bytes())["quality"]["threshold"]
    return answers_of(task, inputs, run_tflm((folder / _MODEL).read_bytes(), inputs).values, threshold)
