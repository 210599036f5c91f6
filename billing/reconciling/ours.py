"""The comparers of billing, in the order in which usage flows."""

from __future__ import annotations

from billing.reconciling import charged, counted, held, sent
from billing.reconciling.comparers import Comparer, register


def register_ours() -> None:
    """Let them be asked."""
    register(
        Comparer("rollups", of_all=counted.rollups),
        Comparer("statements", of_one=counted.sealed, concerns=counted.sealed_otherwise),
        Comparer("chain", of_one=counted.chain, concerns=counted.chain_not_whole),
        Comparer("charges", of_one=charged.charges, concerns=charged.charged_otherwise),
        Comparer("invoiced", of_one=charged.on_an_invoice, concerns=charged.not_invoiced),
        Comparer("exports", of_one=sent.exports, concerns=sent.exported),
        Comparer("held drafts", of_one=sent.waiting, concerns=sent.held_too_long),
        Comparer("stripe's meters", of_one=sent.summaries, concerns=sent.with_a_meter),
        Comparer("stripe's invoices", of_one=sent.invoices, concerns=sent.invoiced),
        Comparer(
            "stripe's metered lines", of_one=sent.metered, concerns=sent.metered_on_an_invoice
        ),
        Comparer("subscriptions", of_one=held.subscriptions, concerns=held.with_more_than_one),
    )
