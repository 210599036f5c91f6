"""The `live` process: tells open pages, within a moment, that their workspace's usage has changed.

    python -m plg_site.live --port 8002

A small ASGI application outside Django's handler: no database, no session, no tenant data. A page
shows a signed token (`metering.live`), and hears `changed` whenever the consumer has stored events
of that workspace (`events.changes`); then it fetches its numbers from Django as always. It hears
nothing else, so whoever stole a token would learn only that something was counted.
"""
