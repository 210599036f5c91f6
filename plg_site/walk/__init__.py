"""The journey of the first user, walked over HTTP by a client that knows only addresses."""
