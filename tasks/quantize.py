"""Stage quantize: the trained network as full int8 for the board, and as float32 to compare it with."""

from flashfit.data.features import load_features
from flashfit.quantize.calibration import calibration_inputs
from flashfit.quantize.converter import convert
from tasks.paths import Paths
from tasks.stage import read_params, run_stage


def quantize(product: str, target: str) -> str:
    """Convert model.keras, calibrated on training samples alone, and save both .tflite files."""
    paths = Paths.here()
    params = read_params(paths)
    files = paths.of_build(product, target)
    settings = params.product(product).quantize
    train = load_features(paths.of_product(product).features("train"))
    converted = convert(files.keras, calibration_inputs(train, settings.calibration_samples, params.seed))
    files.quantized.mkdir(parents=True, exist_ok=True)
    files.tflite.write_bytes(converted.int8)
    files.float_tflite.write_bytes(converted.float32)
    return (
        f"quantized {params.build(product, target).registered_name}: {len(converted.int8):,} B int8, "
        f"{len(converted.float32):,} B float32"
    )


if __name__ == "__main__":
    run_stage(quantize)
