"""The same of segment-analytics-python, which writes a bare NaN into its body."""

import os
from datetime import UTC, datetime, timedelta

from segment import analytics

analytics.write_key, analytics.host = os.environ["KEY"], os.environ["HOST"]
analytics.on_error = lambda error, items: print("ERROR", error)
analytics.identify("u-1", {"plan": "pro"})
analytics.group("u-1", "g-1", {"name": "Acme"})
analytics.page("u-1", name="Home", properties={"path": "/"})
analytics.screen("u-1", name="Start")
analytics.alias("anonymous-1", "u-1")
analytics.track("u-1", "Order Completed", {"n": 1, "rate": float("nan")}, message_id="mine")
analytics.track("u-1", "Time Told", timestamp=datetime.now(UTC) - timedelta(hours=1))
analytics.track(anonymous_id="anonymous-1", event="Order Completed", properties={"n": 2})
analytics.flush()
analytics.shutdown()
print("CLOSED")
