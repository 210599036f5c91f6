"""Pages for people: hosted Checkout, a hosted invoice, and a small dashboard."""
