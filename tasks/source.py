"""Whether a product's data are here, before anything is started for them."""

from flashfit.errors import DataError
from flashfit.params import Product
from tasks.paths import Paths


def require_source(paths: Paths, product: Product) -> None:
    """Raise DataError, with the command that brings them, where a product's data or backbone are not here."""
    backbone = product.search.backbone
    for path in (product.source.path, *([backbone.path] if backbone else [])):
        if (paths.root / path).exists():
            continue
        place = paths.root / path
        fetched = place.parent == paths.datasets
        mend = f"flashfit data fetch {place.name}" if fetched else f"restore {path}, or name another in params.yaml"
        raise DataError(f"{path} does not exist", next_step=mend)
