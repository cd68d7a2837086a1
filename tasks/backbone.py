"""A MobileNet as a .keras file, made in a process of its own: python -m tasks.backbone KIND HxWxC WIDTH WEIGHTS INTO

TensorFlow needs the surroundings that give a stage the same bytes everywhere. WEIGHTS is "" for none.
"""

from pathlib import Path

from tasks.stage import run_stage


def make(kind: str, shape: str, width: str, weights: str, into: str) -> str:
    """Write the file; how many parameters it holds."""
    import keras

    from flashfit.models.backbone import mobilenet
    from flashfit.training.keras_file import save_keras

    keras.utils.set_random_seed(0)
    height, across, channels = map(int, shape.split("x"))
    model = mobilenet(kind, (height, across, channels), float(width), Path(weights) if weights else None)
    save_keras(model, Path(into))
    return str(model.count_params())


if __name__ == "__main__":
    run_stage(make)
