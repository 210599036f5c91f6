"""The `live` process: tells open pages, within a moment, that there is news for them.

    python -m plg_site.live --port 8002

A small ASGI application outside Django's handler: no database, no session, no tenant data. A page
shows a signed token (`events.live`), and hears `changed` whenever the consumer has stored events of
its workspace (`events.changes`), or something has come for the person (`outbound.bell`); then it
fetches what it shows from Django as always. It hears nothing else, so whoever stole a token would
learn only that something was counted, or came.
"""
