"""The same of rudder-sdk-python, which gzips, and says traits in the context alone."""

import os
from datetime import UTC, datetime, timedelta

import rudderstack.analytics as rudder

rudder.write_key, rudder.dataPlaneUrl = os.environ["KEY"], os.environ["HOST"]
rudder.on_error = lambda error, items: print("ERROR", error)
rudder.identify("u-1", {"plan": "pro"})
rudder.group("u-1", "g-1", {"name": "Acme"})
rudder.page("u-1", name="Home", properties={"path": "/"})
rudder.screen("u-1", name="Start")
rudder.alias("anonymous-1", "u-1")
rudder.track("u-1", "Order Completed", {"n": 1, "rate": float("nan")}, message_id="mine")
rudder.track("u-1", "Time Told", timestamp=datetime.now(UTC) - timedelta(hours=1))
rudder.track(anonymous_id="anonymous-1", event="Order Completed", properties={"n": 2})
rudder.flush()
rudder.shutdown()
print("CLOSED")
