"""The comparers of billing, in the order in which usage flows."""

from __future__ import annotations

from billing.reconciling import charged, counted, sent
from billing.reconciling.comparers import Comparer, register


def register_ours() -> None:
    """Let them be asked."""
    register(
        Comparer("rollups", of_all=counted.rollups),
        Comparer("statements", of_one=counted.sealed),
        Comparer("chain", of_one=counted.chain),
        Comparer("charges", of_one=charged.charges),
        Comparer("invoiced", of_one=charged.on_an_invoice),
        Comparer("exports", of_one=sent.exports),
        Comparer("stripe's meters", of_one=sent.summaries),
        Comparer("stripe's invoices", of_one=sent.invoices),
        Comparer("stripe's metered lines", of_one=sent.metered),
    )
