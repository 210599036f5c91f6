"""A development tool that answers the Stripe API over HTTP, with no account and no network."""
