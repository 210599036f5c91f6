"""Everything that the processes of the project import and make once, for a process that forks them.

It asks neither the database nor Redis: what is forked opens its own connections.
"""

from importlib import import_module

# What is imported by a program's own start, and not by Django's.
MODULES = (
    # web
    "gunicorn.app.wsgiapp",
    "gunicorn.workers.gthread",
    "plg_site.patience.worker",
    "plg_site.client_address",
    "plg_site.safety",
    "tenants.hosts.early",
    "tenants.pooler",
    # worker, beat
    "celery.bin.celery",
    "celery.bin.worker",
    "celery.bin.beat",
    "celery.apps.worker",
    "celery.apps.beat",
    "celery.beat",
    "celery.app.amqp",
    "celery.app.log",
    "celery.app.routes",
    "celery.backends.base",
    "celery.concurrency.prefork",
    "celery.concurrency.thread",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.fixups.django",
    "plg_site.broker",
    "plg_site.schedule",
    # events, outbound, prepare
    "events.management.commands.consume_events",
    "outbound.management.commands.run_outbound",
    "plg_site.management.commands.prepare",
    "plg_site.management.commands.run_together",
    # live
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "plg_site.live.application",
    # the simulator
    "httpcore",
    "stripe_simulator.server",
    "stripe_simulator.resources.webhook_endpoints",
    "stripe_simulator.store",
)


def load() -> None:
    """Import and warm up; afterwards there is one thread, and no connection."""
    import django

    django.setup()
    for module in MODULES:
        import_module(module)
    from plg_site import warm_up

    warm_up.code()
