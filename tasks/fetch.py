"""Stage fetch: a product's source becomes data/PRODUCT/raw/samples.npz."""

from flashfit.data.samples import save_samples
from flashfit.data.sources import read_source
from tasks.paths import Paths
from tasks.stage import read_params, run_stage


def fetch(product: str) -> str:
    """Read the source of a product and save its samples. Raises DataError for a missing or damaged source."""
    paths = Paths.here()
    samples = read_source(read_params(paths).product(product).source, paths.root)
    save_samples(paths.of_product(product).samples, samples)
    return f"fetched {product}: {len(samples):,} samples"


if __name__ == "__main__":
    run_stage(fetch)
