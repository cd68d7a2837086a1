"""Stage validate: Great Expectations over the tables of a product's samples. Its only door."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations import expectations as gxe
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.row_conditions import Column

from flashfit.data.data_docs import index_page, stand_alone
from flashfit.data.drift import drifts
from flashfit.data.expected import NAME_COLUMNS, Expected, Kind, expectations_of, severity_of, tables_of
from flashfit.data.repairs import repaired, with_account
from flashfit.data.samples import iterate_samples, load_account
from flashfit.data.splits import split_sizes
from flashfit.data.table import load_table, sample_table, save_table
from flashfit.data.validation import MOST_SHOWN, Drift, Finding, Table, Validation, pass_message, stop_message
from flashfit.errors import DataError
from flashfit.params import Product
from tasks.paths import Paths
from tasks.stage import read_params, run_stage, save_json

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands in for the time of the run, so that the same data give the same pages."""


def validate(product: str) -> str:
    """Check a product's samples. Raises DataError, after everything is written, when something stops the line."""
    paths = Paths.here()
    files, params = paths.of_product(product), read_params(paths)
    declared, account = params.product(product), load_account(files.samples)
    table = sample_table(iterate_samples(files.samples), declared.split, params.seed)
    table, repairs = repaired(table, declared.expectations, declared.split)
    drift = _drift(table, declared, files.accepted_table)
    tables = tables_of(table, declared, account, drift)
    validation = Validation(
        product=product,
        samples=len(table),
        left_out=int((table["left_out"] != "").sum()),
        findings=check(tables, declared, files.data_docs),
        repairs=with_account(repairs, account),
        drift=tuple(drift),
    )
    save_table(files.table, table)
    save_json(files.validation, validation)
    index = save_index(files.data_docs, validation, tables["classes"])
    if not validation.success:
        raise DataError(stop_message(validation), next_step=f"open {index.relative_to(paths.root)}")
    return pass_message(validation, split_sizes(table))


def check(tables: Mapping[Table, pd.DataFrame], product: Product, data_docs: Path) -> tuple[Finding, ...]:
    """Run every expectation and write Great Expectations' pages, which replace the folder's content."""
    context, expectations = _context(data_docs), expectations_of(product, tables)
    outcomes: dict[Expected, Any] = {}
    for name, table in tables.items():
        if asked := [one for one in expectations if one.table == name]:
            outcomes |= _run(context, name, table, asked)
    shutil.rmtree(data_docs, ignore_errors=True)
    context.build_data_docs()
    shutil.rmtree(data_docs / "static")
    for page in data_docs.rglob("*.html"):
        page.write_text(stand_alone(page.read_text(encoding="utf-8")), encoding="utf-8")
    return tuple(_finding(one, outcomes[one], product) for one in expectations)


def save_index(data_docs: Path, validation: Validation, classes: pd.DataFrame) -> Path:
    """Write the first page over the generated one, which shows nothing without scripts."""
    pages = {page.parts[-4]: page for page in sorted(data_docs.glob("validations/*/*/*/*.html"))}
    links = {name: page.relative_to(data_docs).as_posix() for name, page in pages.items()}
    index = data_docs / "index.html"
    index.write_text(index_page(validation, classes, links), encoding="utf-8")
    return index


def _drift(table: pd.DataFrame, product: Product, accepted: Path) -> list[Drift]:
    """Against the version last accepted; none where the product does not ask, or nothing was accepted yet."""
    if product.expectations.largest_drift is None or not accepted.exists():
        return []
    return drifts(table, load_table(accepted))


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


_EXPECTATIONS: Mapping[Kind, Callable[[Expected], Any]] = {
    "columns": lambda one: gxe.ExpectTableColumnsToMatchOrderedList(column_list=list(one.values), **_said(one)),
    "rows": lambda one: gxe.ExpectTableRowCountToBeBetween(min_value=one.least, **_said(one)),
    "between": lambda one: gxe.ExpectColumnValuesToBeBetween(
        column=one.column, min_value=one.least, max_value=one.most, **_said(one)
    ),
    "in_set": lambda one: gxe.ExpectColumnValuesToBeInSet(column=one.column, value_set=list(one.values), **_said(one)),
    "contains": lambda one: gxe.ExpectColumnDistinctValuesToContainSet(
        column=one.column, value_set=list(one.values), **_said(one)
    ),
    "unique": lambda one: gxe.ExpectColumnValuesToBeUnique(column=one.column, **_said(one)),
    "named": lambda one: gxe.ExpectColumnValueLengthsToBeBetween(column=one.column, min_value=1, **_said(one)),
    "known": lambda one: gxe.ExpectColumnValuesToNotBeNull(column=one.column, **_said(one)),
    "missing": lambda one: gxe.ExpectColumnValuesToBeNull(column=one.column, mostly=one.mostly, **_said(one)),
}


def _said(one: Expected) -> dict[str, Any]:
    only = {} if one.only is None else {"row_condition": Column(NAME_COLUMNS[one.table]) == one.only}
    return {"description": one.words, **only}


def _run(context: Any, name: Table, table: pd.DataFrame, asked: Sequence[Expected]) -> dict[Expected, Any]:
    """Results by expectation."""
    expectations = [_EXPECTATIONS[one.kind](one) for one in asked]
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
    by_words = {result.expectation_config.description: result for result in outcome.results}
    return {one: by_words[one.words] for one in asked}


def _finding(one: Expected, outcome: Any, product: Product) -> Finding:
    result = outcome.result
    if "observed_value" not in result and "unexpected_list" not in result:
        raise RuntimeError(f"{one.words}: {outcome.exception_info}")
    offending = result.get("unexpected_index_list") or []
    return Finding(
        table=one.table,
        expectation=one.words,
        column=one.column,
        check=one.check,
        severity=severity_of(one, product.expectations),
        success=outcome.success,
        offending_count=len(offending),
        offending_ids=tuple(str(row[NAME_COLUMNS[one.table]]) for row in offending[:MOST_SHOWN]),
        observed=_observed(result),
    )


def _observed(result: Mapping[str, Any]) -> tuple[str, ...]:
    """Offending values, what a whole column lacks, or what was counted."""
    if values := result.get("unexpected_list"):
        return tuple(str(value) for value in values[:MOST_SHOWN])
    if lacking := result.get("partial_missing_list"):
        return tuple(f"no {value}" for value in lacking[:MOST_SHOWN])
    value = result.get("observed_value")
    return () if value is None else (str(value),)


if __name__ == "__main__":
    run_stage(validate)
