"""Where every file lies: the only module with path literals. tests/stages/test_wiring.py holds dvc.yaml to it."""

from dataclasses import dataclass
from pathlib import Path

from flashfit.errors import ConfigError


@dataclass(frozen=True)
class ProductPaths:
    """Files of one product, in stage order."""

    root: Path
    product: str

    @property
    def _folder(self) -> Path:
        return self.root / "data" / self.product

    @property
    def raw(self) -> Path:
        """fetch's output."""
        return self._folder / "raw"

    @property
    def samples(self) -> Path:
        return self.raw / "samples.parquet"

    @property
    def validated(self) -> Path:
        """validate's output."""
        return self._folder / "validated"

    @property
    def table(self) -> Path:
        return self.validated / "samples.csv"

    @property
    def validation(self) -> Path:
        return self.validated / "validation.json"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' pages: validate's second output."""
        return self._folder / "data_docs"

    @property
    def prepared(self) -> Path:
        """prepare's output."""
        return self._folder / "prepared"

    @property
    def frontend(self) -> Path:
        return self.prepared / "frontend.json"

    def features(self, split: str) -> Path:
        """Model inputs of one split (train, validation or test), or of the augmented copies of train."""
        return self.prepared / split

    @property
    def augmentation_preview(self) -> Path:
        """Some training samples beside their copies; not there where none are made."""
        return self.prepared / "augmentation.png"

    @property
    def accepted_table(self) -> Path:
        """The table of the samples behind the version last published, which drift is measured against."""
        return self._folder / "accepted.csv"


@dataclass(frozen=True)
class BuildPaths:
    """Files of one product on one target, in stage order."""

    root: Path
    product: str
    target: str

    @property
    def _folder(self) -> Path:
        return self.root / "build" / self.product / self.target

    @property
    def search(self) -> Path:
        """search's output."""
        return self._folder / "search"

    @property
    def search_outcome(self) -> Path:
        return self.search / "search.json"

    @property
    def training(self) -> Path:
        """train's output."""
        return self._folder / "train"

    @property
    def keras(self) -> Path:
        return self.training / "model.keras"

    @property
    def training_report(self) -> Path:
        return self.training / "training.json"

    @property
    def quantized(self) -> Path:
        """quantize's output."""
        return self._folder / "quantize"

    @property
    def tflite(self) -> Path:
        return self.quantized / "model.tflite"

    @property
    def float_tflite(self) -> Path:
        return self.quantized / "float.tflite"

    @property
    def ladder(self) -> Path:
        """Every rung that was tried, on validation data."""
        return self.quantized / "ladder.json"

    @property
    def layer_noise(self) -> Path:
        """What each rung adds to each layer."""
        return self.quantized / "ladder.png"

    @property
    def evaluation(self) -> Path:
        """evaluate's output."""
        return self._folder / "evaluate"

    @property
    def verdict(self) -> Path:
        return self.evaluation / "verdict.json"

    @property
    def divergence(self) -> Path:
        """How often and how far desk runtimes disagree with TFLM about the test split."""
        return self.evaluation / "divergence.json"

    @property
    def report(self) -> Path:
        return self.evaluation / "report.html"

    @property
    def answers(self) -> Path:
        """What the int8 and the float model answered to every test sample."""
        return self.evaluation / "answers.npz"

    @property
    def bundle(self) -> Path:
        """bundle's output: the folder that firmware pulls."""
        return self._folder / "bundle"

    @property
    def manifest(self) -> Path:
        return self.bundle / "manifest.json"

    @property
    def published(self) -> Path:
        """What the registry said of this bundle last; not a DVC output."""
        return self._folder / "published.json"

    @property
    def against_production(self) -> Path:
        """How this bundle compares with the version in production, as publish found; not a DVC output."""
        return self._folder / "production.json"


@dataclass(frozen=True)
class Paths:
    """Files of a whole checkout."""

    root: Path

    @classmethod
    def here(cls) -> "Paths":
        """The checkout around the working directory. Raises ConfigError outside one."""
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / "dvc.yaml").is_file() and (folder / "params.yaml").is_file():
                return cls(folder)
        raise ConfigError(f"{here} is not inside a flashfit checkout (no params.yaml beside a dvc.yaml)")

    @property
    def params(self) -> Path:
        return self.root / "params.yaml"

    @property
    def dvc_yaml(self) -> Path:
        return self.root / "dvc.yaml"

    @property
    def dvc_lock(self) -> Path:
        return self.root / "dvc.lock"

    @property
    def package_lock(self) -> Path:
        return self.root / "requirements.lock"

    @property
    def targets(self) -> Path:
        return self.root / "deploy" / "targets"

    @property
    def products(self) -> Path:
        """Sections of params.yaml for products that come with flashfit, one file each."""
        return self.root / "products"

    @property
    def catalog(self) -> Path:
        return self.root / "data" / "catalog.yaml"

    @property
    def datasets(self) -> Path:
        """What `flashfit data fetch` brings, a folder and its .dvc file for each data set."""
        return self.root / "data" / "datasets"

    def dataset(self, name: str) -> Path:
        return self.datasets / name

    def dataset_dvc(self, name: str) -> Path:
        """DVC's note on a data set: the file that is committed in place of the data."""
        return self.datasets / f"{name}.dvc"

    @property
    def downloads(self) -> Path:
        """Archives of data sets, as they came."""
        return self.state / "downloads"

    @property
    def prefect_file(self) -> Path:
        return self.root / "deploy" / "prefect.yaml"

    @property
    def state(self) -> Path:
        """Everything flashfit keeps between runs that is neither data nor output; `make clean` removes it."""
        return self.root / ".flashfit"

    @property
    def studies(self) -> Path:
        return self.state / "studies"

    @property
    def build_lock(self) -> Path:
        return self.state / "build.lock"

    @property
    def unpushed(self) -> Path:
        """There while outputs of a build have not reached DVC's remote."""
        return self.state / "unpushed"

    @property
    def logs(self) -> Path:
        """What the servers of `make serve` write."""
        return self.state / "logs"

    @property
    def servers(self) -> Path:
        """Addresses of what `make serve` is running."""
        return self.state / "servers.json"

    @property
    def prefect_home(self) -> Path:
        return self.state / "prefect"

    @property
    def mlflow_database(self) -> Path:
        return self.state / "mlflow.db"

    @property
    def mlflow_artifacts(self) -> Path:
        return self.state / "mlartifacts"

    def of_product(self, product: str) -> ProductPaths:
        return ProductPaths(self.root, product)

    def of_build(self, product: str, target: str) -> BuildPaths:
        return BuildPaths(self.root, product, target)
