"""A process without traces leaves OpenTelemetry out (plg_site.unneeded); this one reads what others sent."""

import sys

if sys.modules.get("opentelemetry", sys) is None:
    del sys.modules["opentelemetry"]
