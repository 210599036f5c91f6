"""The `collect` process: takes events of websites, apps and servers in Segment's form.

    python -m plg_site.collect --port 8003

A small ASGI application outside Django's handler. What it knows of sources and plans is read now and
then (`knowing`), so no request asks a database. It answers once the log has the events on disk: those of
requests that come at the same time share a round trip (`gathering`). See docs/collector.md.
"""
