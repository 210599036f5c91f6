"""Pages of sign-ups: begun with an address, proved by a code or a link."""
