"""The verdicts of a build as a page of Markdown, for the flow run."""

from collections.abc import Iterator, Sequence

from flashfit.gates.verdict import Gate
from tasks.publish import Published
from tasks.verdict import Standing


def markdown(standings: Sequence[Standing]) -> str:
    """A section for each build: its verdict, every gate, and where it is registered."""
    return "\n".join(line for standing in standings for line in _section(standing))


def run_link(published: Published) -> str:
    """The MLflow run that published a bundle: its page where the registry is a server, else its id."""
    if not published.registry.startswith(("http://", "https://")):
        return f"MLflow run `{published.run_id}` (`make serve` shows it)"
    return f"[MLflow run]({published.registry.rstrip('/')}/#/runs/{published.run_id})"


def _section(standing: Standing) -> Iterator[str]:
    build, verdict, published = standing.build, standing.verdict, standing.published
    yield f"## {build.product} → {build.target}: {verdict.verdict if verdict else 'no verdict'}"
    yield ""
    if verdict is not None:
        yield "| gate | value | interval | threshold | room left | |"
        yield "|---|---:|---:|---:|---:|---|"
        yield from map(_row, verdict.gates)
        yield ""
    if published is not None:
        yield f"Registered as **{published.name} version {published.version}** @{published.alias}, "
        yield run_link(published)
    if standing.bundle_sha256:
        yield f"Bundle `sha256:{standing.bundle_sha256}`"
    yield ""


def _row(gate: Gate) -> str:
    value, threshold, margin = (_number(gate, value) for value in (gate.value, gate.threshold, gate.margin))
    cells = [gate.name, value, gate.interval_shown, threshold, margin]
    return f"| {' | '.join(cells)} | {gate.answer if gate.passed else f'**{gate.answer}**'} |"


def _number(gate: Gate, value: float) -> str:
    return f"{100 * value:.1f} %" if gate.unit == "share" else gate.shown(value)
