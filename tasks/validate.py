"""Stage validate: Great Expectations over the tables of samples and classes. Its only door."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import great_expectations as gx
import pandas as pd
from great_expectations import expectations as gxe
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from flashfit.data.data_docs import index_page, stand_alone
from flashfit.data.features import SPLITS
from flashfit.data.samples import load_samples
from flashfit.data.splits import split_sizes
from flashfit.data.table import COLUMNS, NUMBERS, class_table, sample_table, save_table, shape_in_words
from flashfit.data.validation import MOST_SHOWN, Finding, Validation, stop_message
from flashfit.errors import DataError
from flashfit.params import Product
from tasks.paths import Paths
from tasks.stage import read_params, run_stage, save_json

Table = Literal["samples", "classes"]
NAME_COLUMNS: dict[Table, str] = {"samples": "id", "classes": "label"}
"""The column that names a row when it offends."""

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands in for the time of the run, so that the same data give the same pages."""


def validate(product: str) -> str:
    """Check a product's samples. Raises DataError, after everything is written, when an expectation fails."""
    paths = Paths.here()
    files, params = paths.of_product(product), read_params(paths)
    declared = params.product(product)
    table = sample_table(load_samples(files.samples), declared.split, params.seed)
    classes = class_table(table, declared.labels)
    findings = check({"samples": table, "classes": classes}, declared, files.data_docs)
    validation = Validation(product=product, samples=len(table), findings=findings)
    save_table(files.table, table)
    save_json(files.validation, validation)
    index = save_index(files.data_docs, validation, classes)
    if not validation.success:
        raise DataError(stop_message(validation), next_step=f"open {index.relative_to(paths.root)}")
    return f"validated {product}: {len(findings)} expectations hold for {split_sizes(table)}"


def expectations_of(product: Product, samples: int) -> dict[Table, list[Any]]:
    """What must hold of each table, in the order in which it is reported. samples: how many there are."""
    return {
        "samples": [*_schema(product), *_values(product), *_leaks(product, samples)],
        "classes": list(_classes(product)),
    }


def check(tables: dict[Table, pd.DataFrame], product: Product, data_docs: Path) -> tuple[Finding, ...]:
    """Run every expectation and write Great Expectations' pages, which replace the folder's content."""
    context = _context(data_docs)
    findings: list[Finding] = []
    for name, expectations in expectations_of(product, len(tables["samples"])).items():
        results = _run(context, name, tables[name], expectations)
        findings += [_finding(name, expectation, results[expectation.description]) for expectation in expectations]
    shutil.rmtree(data_docs, ignore_errors=True)
    context.build_data_docs()
    shutil.rmtree(data_docs / "static")
    for page in data_docs.rglob("*.html"):
        page.write_text(stand_alone(page.read_text(encoding="utf-8")), encoding="utf-8")
    return tuple(findings)


def save_index(data_docs: Path, validation: Validation, classes: pd.DataFrame) -> Path:
    """Write the first page over the generated one, which shows nothing without scripts."""
    pages = {page.parts[-4]: page for page in sorted(data_docs.glob("validations/*/*/*/*.html"))}
    links = {name: page.relative_to(data_docs).as_posix() for name, page in pages.items()}
    index = data_docs / "index.html"
    index.write_text(index_page(validation, classes, links), encoding="utf-8")
    return index


def _schema(product: Product) -> Iterator[Any]:
    expected = product.expectations
    yield gxe.ExpectTableColumnsToMatchOrderedList(column_list=list(COLUMNS), description="the table has its columns")
    yield gxe.ExpectTableRowCountToBeBetween(
        min_value=expected.least_samples, description=f"there are at least {expected.least_samples:,} samples"
    )
    yield gxe.ExpectColumnValueLengthsToBeBetween(column="id", min_value=1, description="every sample has an id")
    yield gxe.ExpectColumnValuesToBeUnique(column="id", description="no id occurs twice")
    yield gxe.ExpectColumnValuesToBeInSet(
        column="label",
        value_set=list(product.labels),
        description=f"label of every sample is one of {', '.join(product.labels)}",
    )


def _values(product: Product) -> Iterator[Any]:
    expected = product.expectations
    shape, (low, high) = shape_in_words(expected.shape), expected.range
    yield gxe.ExpectColumnValuesToBeInSet(
        column="shape", value_set=[shape], description=f"shape of every sample is {shape}"
    )
    yield gxe.ExpectColumnValuesToBeInSet(
        column="dtype", value_set=list(NUMBERS), description="dtype of every sample is a number"
    )
    yield gxe.ExpectColumnValuesToBeBetween(
        column="nan_count", min_value=0, max_value=0, description="nan_count of every sample is 0"
    )
    for column in ("min", "max"):
        yield gxe.ExpectColumnValuesToBeBetween(
            column=column,
            min_value=low,
            max_value=high,
            description=f"{column} of every sample is in {low:g} to {high:g}",
        )


def _leaks(product: Product, samples: int) -> Iterator[Any]:
    most = product.expectations.most_duplicates
    copies = f"copies of other samples are at most {most:,}" if most else "no sample is a copy of another"
    yield gxe.ExpectColumnValuesToBeNull(
        column="copy_of",
        mostly=max(0, samples - most) / samples,
        description=copies,
    )
    yield gxe.ExpectColumnValuesToBeInSet(
        column="splits_of_content", value_set=[1], description="no content lies in two splits"
    )
    yield gxe.ExpectColumnValuesToBeInSet(
        column="splits_of_group", value_set=[1], description="no group lies in two splits"
    )


def _classes(product: Product) -> Iterator[Any]:
    least, most = product.expectations.least_class_share, product.expectations.most_class_share
    yield gxe.ExpectColumnValuesToBeBetween(
        column="share",
        min_value=least,
        max_value=most,
        description=f"share of every class is in {least:g} to {most:g}",
    )
    for split in SPLITS:
        yield gxe.ExpectColumnValuesToBeBetween(
            column=split, min_value=1, description=f"every class has samples in {split}"
        )


def _context(data_docs: Path) -> Any:
    """Everything in memory but the pages; nothing is sent anywhere."""
    backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(data_docs.resolve())}
    index = {"class_name": "DefaultSiteIndexBuilder"}
    site = {"class_name": "SiteBuilder", "store_backend": backend, "site_index_builder": index}
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites={"data_docs": {**site, "show_how_to_buttons": False}},
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _run(context: Any, name: Table, table: pd.DataFrame, expectations: list[Any]) -> dict[str, Any]:
    """Results by the expectation's words."""
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("all")
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
    definition = gx.ValidationDefinition(name=name, data=batch, suite=suite)
    checkpoint = gx.Checkpoint(
        name=name,
        validation_definitions=[context.validation_definitions.add(definition)],
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [NAME_COLUMNS[name]]},
    )
    run = context.checkpoints.add(checkpoint).run({"dataframe": table}, run_id=RunIdentifier("all", NO_TIME))
    (outcome,) = run.run_results.values()
    return {result.expectation_config.description: result for result in outcome.results}


def _finding(table: Table, expectation: Any, outcome: Any) -> Finding:
    column, result = getattr(expectation, "column", None), outcome.result
    if "observed_value" not in result and "unexpected_list" not in result:
        raise RuntimeError(f"{expectation.description}: {outcome.exception_info}")
    offending = result.get("unexpected_index_list") or []
    observed = result.get("unexpected_list") or [result.get("observed_value", ())]
    return Finding(
        table=table,
        expectation=expectation.description,
        column=column,
        success=outcome.success,
        offending_count=len(offending),
        offending_ids=tuple(str(row[NAME_COLUMNS[table]]) for row in offending[:MOST_SHOWN]),
        observed=tuple(str(value) for value in observed[:MOST_SHOWN] if value != ()),
    )


if __name__ == "__main__":
    run_stage(validate)
