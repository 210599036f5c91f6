"""The collector as it runs, with the stream and the spool of one test: `python -m … PORT`."""

import os
import sys
from decimal import Decimal

import django

django.setup()

from django.conf import settings  # noqa: E402

settings.EVENTS_STREAM = os.environ["PLG_TEST_EVENTS_STREAM"]
settings.EVENTS_SPOOL_DIR = os.environ["PLG_TEST_SPOOL_DIR"]

import events  # noqa: E402

# As an app's own: what customers may send by the API, too.
PARCEL = events.EventType("Parcel Weighed", {"grams": int, "price": Decimal | None}, external=True)
events.register(PARCEL)

from plg_site.collect.__main__ import main  # noqa: E402

sys.argv = ["plg_site.collect", "--port", sys.argv[1]]
main()
