"""Stage prepare: validated samples become the model inputs of train, validation and test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from flashfit.data.features import AUGMENTED, SPLITS, FeatureWriter
from flashfit.data.samples import Sample, iterate_samples
from flashfit.data.splits import check_no_leak, split_sizes
from flashfit.data.table import check_describes, load_table
from flashfit.data.validation import load_validation
from flashfit.errors import DataError
from flashfit.frontends.fitted import FittedFrontend, apply, fit
from flashfit.params import Product
from tasks.paths import Paths, ProductPaths
from tasks.progress import counted
from tasks.stage import read_params, run_stage, save_json
from tasks.variations import Variations, noises_among, save_preview, save_variations


@dataclass(frozen=True)
class Validated:
    """Samples in a file, and the table that says what validation made of each and which split it is in."""

    file: Path
    table: pd.DataFrame

    @property
    def sizes(self) -> dict[str, int]:
        """How many samples each split has, those left out not counted."""
        counts = self.table.loc[self.table["left_out"] == "", "split"].value_counts()
        return {split: int(counts.get(split, 0)) for split in SPLITS}

    def samples(self) -> Iterator[tuple[Sample, str, str]]:
        """Every sample that was not left out, its split and its group, in the source's order."""
        described = check_describes(self.table, iterate_samples(self.file))
        rows = zip(self.table["split"], self.table["group"], self.table["left_out"], strict=True)
        for sample, (split, group, left_out) in zip(described, rows, strict=True):
            if not left_out:
                yield sample, split, group

    def training(self) -> Iterator[tuple[Sample, str]]:
        """Those of train, and their groups."""
        return ((sample, group) for sample, split, group in self.samples() if split == "train")


def prepare(product: str) -> str:
    """Save what each split's samples become. Raises DataError when they did not pass validation, or leak."""
    paths = Paths.here()
    params = read_params(paths)
    files, declared = paths.of_product(product), params.product(product)
    if not load_validation(files.validation).success:
        raise DataError(f"{product} did not pass validation", next_step=f"python -m tasks.validate {product}")
    validated = Validated(files.samples, load_table(files.table))
    check_no_leak(validated.table, declared.split)
    copies = save_features(validated, declared, params.seed, files)
    return f"prepared {product}: {split_sizes(validated.table)}{f', {copies:,} augmented' if copies else ''}"


def save_features(validated: Validated, product: Product, seed: int, into: ProductPaths) -> int:
    """Fit the product's front end to training samples, apply it to all, and save each split.

    Nothing but one sample and its copies is in memory at a time. Returns how many copies there are. Raises
    DataError when the samples are not those that the table describes.
    """
    fitted = fit(product.frontend, (sample for sample, _ in validated.training()))
    save_json(into.frontend, fitted)
    _save_splits(validated, product, fitted, into)
    return _save_copies(validated, product, fitted, seed, into)


def _save_splits(validated: Validated, product: Product, fitted: FittedFrontend, into: ProductPaths) -> None:
    sizes = validated.sizes
    writers = {split: FeatureWriter(into.features(split), size, fitted.output_shape) for split, size in sizes.items()}
    answer = answer_of(product)
    with counted("prepare", sum(sizes.values())) as show:
        for sample, split, group in show(validated.samples()):
            writers[split].add(apply(fitted, sample), answer(sample), sample.id, group)
    for writer in writers.values():
        writer.close()


def _save_copies(validated: Validated, product: Product, fitted: FittedFrontend, seed: int, into: ProductPaths) -> int:
    """Varied copies of every training sample, through the same front end; returns how many."""
    training = validated.sizes["train"]
    count = product.augment.copies * training if product.augment.kind != "none" else 0
    writer = FeatureWriter(into.features(AUGMENTED), count, fitted.output_shape)
    if count:
        noises = noises_among(validated.training())
        variations = Variations(product, fitted, seed, validated.training, noises)
        save_variations(writer, count, variations, answer_of(product))
        save_preview(into, training, variations)
    writer.close()
    return count


def answer_of(product: Product) -> Callable[[Sample], int | float]:
    """What a sample's answer is: an index into the product's labels, or a regression's target.

    Raises DataError for a label that is not the product's, and for a missing target.
    """
    index = {label: number for number, label in enumerate(product.labels)}

    def answer(sample: Sample) -> int | float:
        if product.task == "regression":
            if sample.target is None:
                raise DataError(f"{sample.id} has no target")
            return float(sample.target)
        if sample.label not in index:
            raise DataError(f"{sample.id} has label {sample.label!r}, which is not the product's")
        return index[sample.label]

    return answer


if __name__ == "__main__":
    run_stage(prepare)
