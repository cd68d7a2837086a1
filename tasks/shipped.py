"""Products that come with flashfit: their sections, put into params.yaml with their comments."""

import re
import textwrap
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from flashfit.errors import ConfigError
from flashfit.params import parse_params

_SECTIONS = ("products", "builds")
_EMPTY = r"\{\s*\}\s*"


def shipped(folder: Path) -> list[str]:
    """Names of the products that come in a folder, sorted."""
    return sorted(file.stem for file in folder.glob("*.yaml"))


def shipped_sources(folder: Path) -> dict[str, Path]:
    """Of every product that comes in a folder, where its samples lie, relative to the checkout."""
    trees = {name: _tree((folder / f"{name}.yaml").read_text(encoding="utf-8"), name) for name in shipped(folder)}
    return {name: Path(tree["products"][name]["source"]["path"]) for name, tree in trees.items()}


def add_shipped(params_file: Path, product_file: Path, known_targets: Collection[str]) -> None:
    """Put a shipped product's sections at the end of params.yaml's `products` and `builds`.

    The text goes over as it is, comments included, and what stood in params.yaml stays line for line.
    The outcome is checked before it is written, whole or not at all. Raises ConfigError for a product
    that is not shipped, one that params.yaml has, and an outcome that is not valid.
    """
    if not product_file.is_file():
        there_are = ", ".join(shipped(product_file.parent))
        raise ConfigError(f"no shipped product {product_file.stem!r} (there are: {there_are})")
    add_sections(params_file, product_file.read_text(encoding="utf-8"), known_targets, product_file.name)


def add_sections(params_file: Path, addition: str, known_targets: Collection[str], name: str) -> None:
    """The same for any text with the top keys `products` and `builds`, in block style. name: what it is called."""
    text = params_file.read_text(encoding="utf-8")
    there, more = _tree(text, params_file.name), _tree(addition, name)
    wanted = _merged(there, more, params_file.name, name)
    for section in _SECTIONS:
        text = _with_lines(text, section, _block_lines(addition, section))
    if not _reads_as(text, wanted):
        raise ConfigError(f"{params_file.name} and {name} must both hold products: and builds: in block style")
    parse_params(wanted, known_targets, params_file.name)
    _write_whole(params_file, text)


@dataclass(frozen=True)
class _Block:
    """What stands below a top key: lines[begin:end]. begin is None where there is no such key."""

    begin: int | None
    end: int


def _block(lines: list[str], key: str) -> _Block:
    """Where the block below `key:` lies; blank lines and unindented comments at its end belong to what follows."""
    heading = re.compile(rf"{key}:\s*({_EMPTY})?(#.*)?$")
    begin = next((number for number, line in enumerate(lines, 1) if heading.match(line)), None)
    if begin is None:
        return _Block(None, len(lines))
    end = next((number for number in range(begin, len(lines)) if re.match(r"[^\s#]", lines[number])), len(lines))
    while end > begin and not lines[end - 1][:1].isspace():
        end -= 1
    return _Block(begin, end)


def _block_lines(text: str, key: str) -> list[str]:
    lines = text.splitlines()
    block = _block(lines, key)
    return lines[block.begin : block.end] if block.begin else []


def _with_lines(text: str, key: str, more: list[str]) -> str:
    """The text with lines added to the block of a key, indented as that is; the key, too, where it is missing."""
    lines = text.splitlines()
    block = _block(lines, key)
    if block.begin is None:
        lines += ["", f"{key}:"]
        block = _Block(len(lines), len(lines))
    elif block.begin == block.end:
        lines[block.begin - 1] = re.sub(_EMPTY, "", lines[block.begin - 1]).rstrip()
    indent = next((_indent(line) for line in lines[block.begin : block.end] if line.strip()), "  ")
    added = textwrap.indent(textwrap.dedent("\n".join(more)), indent).splitlines()
    return "\n".join([*lines[: block.end], *added, *lines[block.end :]]) + "\n"


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _tree(text: str, name: str) -> dict[str, Any]:
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict) or not all(isinstance(tree.get(key) or {}, dict) for key in _SECTIONS):
        raise ConfigError(f"{name} does not hold the mappings products: and builds:")
    return tree


def _reads_as(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return bool(yaml.safe_load(text) == wanted)
    except yaml.YAMLError:
        return False


def _merged(there: dict[str, Any], more: dict[str, Any], into: str, name: str) -> dict[str, Any]:
    """What params.yaml must hold afterwards. Raises ConfigError for a name that it has, and for other top keys."""
    if set(more) - set(_SECTIONS):
        raise ConfigError(f"{name} holds more than products: and builds: ({', '.join(set(more) - set(_SECTIONS))})")
    merged = dict(there)
    for section in _SECTIONS:
        old, new = there.get(section) or {}, more.get(section) or {}
        if taken := [key for key in new if key in old]:
            raise ConfigError(f"{into} has {section}.{taken[0]} already", next_step="remove or rename that one first")
        merged[section] = {**old, **new}
    return merged


def _write_whole(file: Path, text: str) -> None:
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(file.stat().st_mode)
    fresh.replace(file)
