"""Files in a bucket that all machines share, behind Django's storages. STORAGES names what is here.

This face imports no client: a process without a bucket never loads it.
"""


class BucketUnavailable(OSError):
    """The bucket did not answer, or refused; the message says what it said."""
