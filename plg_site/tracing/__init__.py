"""Traces by OpenTelemetry: what one request led to, over processes. Off, nothing of OpenTelemetry is loaded.

On, a span is drawn where a line and a number are made of the same thing: a request (`plg_site.web.seen`,
`plg_site.patience.telling`), a task sent and done (`plg_site.operating.telling`), a batch of events stored
(`events.tracing`), a question to the database. Names are those of the code, never of a client.
"""

from plg_site.tracing.switch import DRAWN, available, close, draws, turn_on

__all__ = ["DRAWN", "available", "close", "draws", "turn_on"]
