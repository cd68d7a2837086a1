"""What befell the data on its way, in lines for the report."""

from collections.abc import Iterator

from flashfit.data.samples import Account

_MOST_NAMED = 10


def notes_of(account: Account) -> tuple[str, ...]:
    """A line for skipped files, one for each repair, one for clocks that stood still or stepped back."""
    return tuple(_lines(account))


def _lines(account: Account) -> Iterator[str]:
    if account.skipped:
        named = [f"{path} ({reason})" for path, reason in sorted(account.skipped.items())[:_MOST_NAMED]]
        left = len(account.skipped) - len(named)
        if left:
            named.append(f"and {left:,} more")
        yield f"{_counted(len(account.skipped), 'file')} skipped: {'; '.join(named)}"
    for what, count in sorted(account.repairs.items()):
        yield f"repaired: {what} ({count:,})"
    stepped = [clock for clock in account.clocks if clock.standing or clock.backward]
    if stepped:
        steps = sum(clock.standing + clock.backward for clock in stepped)
        yield (
            f"clocks that stood still or stepped back: {_counted(steps, 'time')} "
            f"in {len(stepped):,} of {len(account.clocks):,} series"
        )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
