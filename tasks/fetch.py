"""Stage fetch: a product's source becomes data/PRODUCT/raw/samples.parquet."""

from flashfit.data.samples import Account, save_samples
from flashfit.data.sources import read_source
from tasks.paths import Paths
from tasks.progress import counted
from tasks.stage import read_params, run_stage


def fetch(product: str) -> str:
    """Read the source of a product and save its samples. Raises DataError for a missing or damaged source."""
    paths = Paths.here()
    source = read_params(paths).product(product).source
    account = Account()
    with counted("fetch") as show:
        samples = show(read_source(source, paths.root, account))
        count = save_samples(paths.of_product(product).samples, samples, account)
    skipped = f", {len(account.skipped):,} files skipped" if account.skipped else ""
    return f"fetched {product}: {count:,} samples{skipped}"


if __name__ == "__main__":
    run_stage(fetch)
