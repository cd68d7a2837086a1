"""Stage prepare: validated samples become the model inputs of train, validation and test."""

import numpy as np
import pandas as pd

from flashfit.data.features import SPLITS, Features, save_features
from flashfit.data.samples import Samples, load_samples
from flashfit.data.splits import check_no_leak, split_sizes
from flashfit.data.table import check_describes, load_table
from flashfit.data.validation import load_validation
from flashfit.errors import DataError
from flashfit.frontends.image import image_input, record
from flashfit.params import Product
from tasks.paths import Paths
from tasks.stage import read_params, run_stage, save_json


def prepare(product: str) -> str:
    """Apply a product's front end and save each split.

    Raises DataError when the samples did not pass validation, are not those validated, or leak.
    """
    paths = Paths.here()
    files, declared = paths.of_product(product), read_params(paths).product(product)
    if not load_validation(files.validation).success:
        raise DataError(f"{product} did not pass validation", next_step=f"python -m tasks.validate {product}")
    samples, table = load_samples(files.samples), load_table(files.table)
    check_describes(table, samples)
    check_no_leak(table)
    for split in SPLITS:
        save_features(files.features(split), features_of(split, samples, table, declared))
    save_json(files.frontend, record(declared.frontend, samples.x.shape[1:]))
    return f"prepared {product}: {split_sizes(table)}"


def features_of(split: str, samples: Samples, table: pd.DataFrame, product: Product) -> Features:
    """Model inputs, label indices and ids of one split, in the source's order."""
    chosen = (table["split"] == split).to_numpy()
    index = {label: number for number, label in enumerate(product.labels)}
    if unknown := sorted(set(samples.labels[chosen]) - set(index)):
        raise DataError(f"labels outside the product's set: {', '.join(unknown[:5])}")
    return Features(
        x=image_input(samples.x[chosen], product.frontend),
        y=np.array([index[label] for label in samples.labels[chosen]], dtype=np.int64),
        ids=samples.ids[chosen],
    )


if __name__ == "__main__":
    run_stage(prepare)
