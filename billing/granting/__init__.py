"""What staff give a workspace, and take back: a plan or a feature, a credit, a longer trial."""

from billing.granting.giving import Given, Wish, give, given_to, revoke, running
from billing.granting.settling import settle_due

__all__ = ["Given", "Wish", "give", "given_to", "revoke", "running", "settle_due"]
