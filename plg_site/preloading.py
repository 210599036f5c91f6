"""Everything that the processes of the project import and make once, for a process that forks them.

It asks neither the database nor Redis: what is forked opens its own connections.
"""

from collections.abc import Sequence
from importlib import import_module

from plg_site import unneeded

# What is imported by a program's own start, and not by Django's.
WEB = (
    "gunicorn.app.wsgiapp",
    "gunicorn.workers.gthread",
    "plg_site.patience.draining",
    "plg_site.patience.log",
    "plg_site.patience.worker",
    "plg_site.web.client_address",
    "plg_site.web.readiness",
    "plg_site.configuration.safety",
    "tenants.hosts.early",
    "tenants.pooler",
    # from the first look at an account on; background has them, too
    "stripe._customer",
    "stripe._event",
    "stripe._invoice",
    "stripe._payment_method",
    "stripe._price",
    "stripe._product",
    "stripe._subscription",
    "stripe._subscription_item",
    "stripe._webhook",
    "stripe.billing_portal._session",
    "stripe.checkout._session",
)
MODULES = (
    *WEB,
    # background
    "celery.app.amqp",
    "celery.app.log",
    "celery.app.routes",
    "celery.apps.worker",
    "celery.backends.base",
    "celery.beat",
    "celery.concurrency.thread",
    "celery.fixups.django",
    "celery.worker.components",
    "celery.worker.consumer",
    "plg_site.operating.broker",
    "events.consuming",
    "outbound.running",
    # prepare
    "plg_site.management.commands.prepare",
    # live
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "plg_site.live.application",
    # collect
    "identity.collecting",
    "plg_site.collect.application",
    # the simulator
    "httpcore",
    "stripe_simulator.server",
    "stripe_simulator.resources.webhook_endpoints",
    "stripe_simulator.store",
)


def load_web() -> None:
    """The same for a web process alone."""
    load(WEB)


def load(modules: Sequence[str] = MODULES) -> None:
    """Import and warm up; afterwards there is one thread, and no connection."""
    unneeded.leave_out()
    import django

    django.setup()
    for module in modules:
        import_module(module)
    from plg_site.operating import warm_up

    warm_up.code()
    _forget_static_files()


def _forget_static_files() -> None:
    """They are collected after this: what is forked looks for itself how they are called."""
    from django.contrib.staticfiles.storage import staticfiles_storage
    from django.core.files.storage import storages
    from django.utils.functional import empty

    staticfiles_storage._wrapped = empty  # type: ignore[attr-defined]
    storages._storages.pop("staticfiles", None)  # type: ignore[attr-defined]
