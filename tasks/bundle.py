"""Stage bundle: the folder that firmware pulls, every file in it named by sha256."""

import shutil

import numpy as np

from flashfit.bundle.contents import Model, contents
from flashfit.data.features import load_features
from flashfit.errors import DoesNotFit
from flashfit.frontends.fitted import FittedFrontend, describe
from flashfit.gates.verdict import FITS, Verdict, miss_line
from flashfit.manifest import Manifest, ManifestFootprint, ManifestQuality, bundle_sha256, entry_of
from flashfit.params import Build, Params
from flashfit.runtime.operators import operator_names
from flashfit.runtime.tflm import run_tflm
from flashfit.search.outcome import SearchOutcome
from flashfit.targets import load_target
from flashfit.tflite.divergence import Divergence
from tasks.lineage import code_sha256, file_sha256, folder_sha256, values_sha256
from tasks.paths import BuildPaths, Paths
from tasks.stage import read_params, run_stage


def bundle(product: str, target: str) -> str:
    """Write the bundle of a build whose verdict is FITS. Raises DoesNotFit, with every missed gate, otherwise."""
    paths = Paths.here()
    params = read_params(paths)
    build = params.build(product, target)
    files = paths.of_build(product, target)
    verdict = Verdict.model_validate_json(files.verdict.read_bytes())
    if verdict.verdict != FITS:
        raise DoesNotFit(miss_line(verdict))
    model = _model(paths, params, build, verdict)
    parts = {**contents(model), files.divergence.name: files.divergence.read_bytes()}
    manifest = _manifest(build, verdict, parts, _lineage(paths, params, build))
    _write(files, {**parts, files.manifest.name: manifest.to_bytes()})
    return f"bundled {build.registered_name}: {len(parts) + 1} files, sha256:{bundle_sha256(manifest.to_bytes())}"


def _model(paths: Paths, params: Params, build: Build, verdict: Verdict) -> Model:
    files, prepared = paths.of_build(build.product, build.target), paths.of_product(build.product)
    product = params.product(build.product)
    tflite = files.tflite.read_bytes()
    run = run_tflm(tflite, np.asarray(load_features(prepared.features("test")).x[:1]))
    winner = SearchOutcome.model_validate_json(files.search_outcome.read_bytes()).winner
    return Model(
        name=build.registered_name,
        title=product.title,
        tflite=tflite,
        operators=operator_names(tflite),
        input=run.input,
        output=run.output,
        labels=product.labels,
        spec=str(winner.candidate.spec) if winner else "",
        frontend=describe(FittedFrontend.model_validate_json(prepared.frontend.read_bytes())),
        threshold=verdict.quality.threshold if verdict.quality else None,
        verdict=verdict,
        divergence=_divergence(files),
        target=load_target(paths.targets, build.target),
    )


def _divergence(files: BuildPaths) -> tuple[str, ...]:
    pairs = Divergence.model_validate_json(files.divergence.read_bytes()).pairs
    return tuple(pair.in_words() for pair in pairs if pair.one == "tflm")


def _manifest(build: Build, verdict: Verdict, parts: dict[str, bytes], lineage: dict[str, str]) -> Manifest:
    assert verdict.quality is not None  # FITS says so
    return Manifest(
        product=build.product,
        target=build.target,
        name=build.registered_name,
        files={name: entry_of(content) for name, content in sorted(parts.items())},
        footprint=ManifestFootprint(**verdict.footprint.model_dump()),
        quality=ManifestQuality(
            metric=verdict.quality.metric,
            int8=verdict.quality.int8,
            float_=verdict.quality.float_,
            n=verdict.quality.n,
        ),
        lineage=lineage,
    )


def _lineage(paths: Paths, params: Params, build: Build) -> dict[str, str]:
    prepared = paths.of_product(build.product)
    return {
        "data_sha256": file_sha256(prepared.samples),
        "frontend_sha256": file_sha256(prepared.frontend),
        "test_sha256": folder_sha256(prepared.features("test")),
        "parameters_sha256": values_sha256(params.seed, params.product(build.product), build),
        "target_sha256": file_sha256(paths.targets / f"{build.target}.yaml"),
        "stage_code_sha256": code_sha256(paths, ["bundle"]),  # which lists the code of every stage
        "package_lock_sha256": file_sha256(paths.package_lock),
    }


def _write(files: BuildPaths, parts: dict[str, bytes]) -> None:
    shutil.rmtree(files.bundle, ignore_errors=True)
    files.bundle.mkdir(parents=True)
    for name, content in parts.items():
        (files.bundle / name).write_bytes(content)


if __name__ == "__main__":
    run_stage(bundle)
