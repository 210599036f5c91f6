"""Which rows the code makes of the same events: a number that stands in every meter's fingerprint."""

# Goes up when the same events make other rows than before, in any table of either store:
# tests/metering/rollups/test_format.py tells when they do. Rollups of another number are made anew.
FORMAT = 1
