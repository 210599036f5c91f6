"""Celery tasks of the website. They work in the public schema, where all content lives."""

from celery import shared_task

from cms.releases import catching_up, release


@shared_task
def build_site(wish: int | None = None) -> None:
    release.build(wish=wish)


@shared_task
def publish_scheduled() -> None:
    catching_up.catch_up()
