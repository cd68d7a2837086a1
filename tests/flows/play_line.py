"""A throwaway checkout whose stages do in no time what a test tells them to."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from flashfit.footprint import Footprint
from flashfit.gates.verdict import Quality, judge
from flashfit.manifest import Manifest, ManifestFootprint, ManifestQuality, entries_of
from flashfit.models.spec import Classes, Dense, Flatten, Spec
from flashfit.params import Budget, Gates
from flashfit.search.outcome import SearchOutcome, TrialRecord
from tasks.paths import Paths
from tasks.stage import save_json

REPOSITORY = Path(__file__).parents[2]
PLAY = Path(__file__).parent / "play"
TARGETS = ("nano33ble", "nucleo-l053r8")
BUDGET = Budget.model_validate({"flash": "64 KiB", "arena": "8 KiB", "macs": 1_000_000})
SMALL = Footprint(flash_bytes=10_000, arena_bytes=5_000, macs=20_000, source="measured")


@dataclass(frozen=True)
class PlayLine:
    """The throwaway checkout, and what to tell its stages."""

    paths: Paths

    def act(self, stage: str, *lines: str) -> None:
        """What a stage does after it wrote its output; see play/play.py. It makes the stage stale."""
        (self.paths.root / "acts" / stage).write_text("\n".join(lines), encoding="utf-8")

    def answers(self, target: str, accuracy: float) -> None:
        """The int8 accuracy that evaluate finds on a target; the gate wants 0.97."""
        quality = Quality(int8=accuracy, float_=0.99, int8_recall={"0": 1.0}, n=100)
        verdict = judge("digits", target, SMALL, BUDGET, quality, Gates(least_accuracy=0.97))
        save_json(self._prepared("evaluate", target) / "verdict.json", verdict)

    def finds(self, target: str, footprint: Footprint, fits: bool = True) -> None:
        """What search finds: a winner of that footprint, or only a nearest miss."""
        spec = Spec(family="dense", input_shape=(8, 8, 1), head=Classes(count=10), layers=(Flatten(), Dense(units=8)))
        candidate = {"spec": spec, "recipe": {"learning_rate": 0.001, "weight_decay": 0.0, "batch_size": 32}}
        trial = TrialRecord.model_validate(
            {
                "number": 0,
                "state": "complete",
                "candidate": candidate,
                "predicted": footprint,
                "merit": 0.98,
                "int8": 0.98,
            }
        )
        outcome = SearchOutcome(
            budget=BUDGET,
            metric="accuracy",
            trials=(trial,),
            winner=trial if fits else None,
            nearest=None if fits else trial,
            importances={},
        )
        save_json(self._prepared("search", target) / "search.json", outcome)

    def bundles(self, target: str, model: bytes) -> None:
        """What bundle makes for a target: a sound bundle of one file."""
        folder = self._prepared("bundle", target)
        (folder / "model.tflite").write_bytes(model)
        manifest = Manifest(
            product="digits",
            target=target,
            name=f"digits.{target}",
            files=entries_of(folder),
            footprint=ManifestFootprint.model_validate(SMALL.model_dump()),
            quality=ManifestQuality(metric="accuracy", int8=0.98, float_=0.99, n=100),
            lineage={},
        )
        (folder / "manifest.json").write_bytes(manifest.to_bytes())

    def ran(self) -> list[str]:
        """The stages, and publish, whose commands ran since the last call."""
        log = self.paths.root / "ran.log"
        names = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
        log.unlink(missing_ok=True)
        return names

    def _prepared(self, verb: str, target: str) -> Path:
        return self.paths.root / "prepared" / f"{verb}@digits-{target}"


def make_line(root: Path) -> PlayLine:
    """Lay a throwaway checkout out in a folder: its own stages, but our flows and our publish."""
    shutil.copytree(PLAY, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*stand_in*", "__pycache__"))
    for ours in ("flows", "flashfit", "tasks"):
        shutil.copytree(REPOSITORY / ours, root / ours, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPOSITORY / "deploy", root / "deploy")
    shutil.copy(REPOSITORY / "requirements.lock", root)  # the source of digits
    (root / ".dvc").mkdir()
    config = (REPOSITORY / ".dvc" / "config").read_text(encoding="utf-8")
    no_git = config.replace("[core]\n", "[core]\n    no_scm = true\n")
    (root / ".dvc" / "config").write_text(no_git, encoding="utf-8")
    tree = yaml.safe_load((REPOSITORY / "params.yaml").read_text(encoding="utf-8"))
    tree["builds"] = {
        f"digits-{target}": {"product": "digits", "target": target, "budget": BUDGET.model_dump()} for target in TARGETS
    }
    (root / "params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    (root / "acts").mkdir()
    made = PlayLine(Paths(root))
    subjects = {verb: ["digits"] for verb in ("fetch", "validate")}
    subjects |= {verb: [f"digits-{t}" for t in TARGETS] for verb in ("search", "train", "evaluate", "bundle")}
    for verb, names in subjects.items():
        for name in names:
            made.act(f"{verb}@{name}", "say hello")
            (root / "prepared" / f"{verb}@{name}").mkdir(parents=True)
    for target in TARGETS:
        made.finds(target, SMALL)
        made.answers(target, 0.98)
        made.bundles(target, b"a model")
    return made
