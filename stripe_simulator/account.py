"""The one account whose books are kept."""

ACCOUNT_ID = "acct_1SimulatedStripe"
ACCOUNT_NAME = "Simulated Stripe account"
COUNTRY = "US"
CURRENCY = "usd"
