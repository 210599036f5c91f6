"""Every task has a queue, workers take from all of them in order, and rounds do not pile up."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import autodiscover_modules

from plg_site import queues
from plg_site.celery import app


def test_every_task_of_the_platform_has_a_queue_and_no_other():
    autodiscover_modules("tasks")
    own = f"{settings.PRODUCT_APP}."
    tasks = {name for name in app.tasks if not name.startswith(("celery.", own, "tests."))}
    ours = {name for name in tasks if name.partition(".")[0] in _apps()}
    assert ours == queues.OF_TASKS.keys()
    assert set(queues.OF_TASKS.values()) == set(queues.ORDER)


def _apps() -> set[str]:
    return {app.partition(".")[0] for app in settings.SHARED_APPS} - {"django", "wagtail"}


def test_a_task_goes_to_its_queue_and_a_products_is_done_soon():
    def queue_of(task: str) -> str:
        return str(app.amqp.router.route({}, task)["queue"].name)

    prefix = settings.CELERY_TASK_DEFAULT_QUEUE.rpartition(".")[0]
    for task, queue in queues.OF_TASKS.items():
        assert queue_of(task) == queues.name(prefix, queue)
    assert queue_of(f"{settings.PRODUCT_APP}.tasks.anything") == queues.name(prefix, queues.SOON)


def test_a_worker_takes_from_all_queues_first_things_first():
    names = [name.rpartition(".")[2] for name in app.amqp.queues.consume_from]
    assert names[1:] == list(queues.ORDER)
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert options["queue_order_strategy"] == "priority"
    assert settings.CELERY_WORKER_PREFETCH_MULTIPLIER == 1


def test_a_round_that_nobody_began_ends_with_the_next_one():
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["options"]["expires"] <= entry["schedule"]
        assert entry["task"] in queues.OF_TASKS


def test_every_task_has_an_end_by_its_promise():
    for name, queue in queues.OF_TASKS.items():
        assert app.tasks[name].time_limit == queues.LONGEST[queue], name
    assert app.conf.task_time_limit == queues.LONGEST[queues.SOON], "of a product's"
