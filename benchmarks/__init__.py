"""Figures beside a peer's, both taken in one run: `make bench`. Never a test, because machines differ."""
