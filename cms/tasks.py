"""Celery tasks of the website. They work in the public schema, where all content lives."""

from celery import shared_task

from cms.releases import catching_up, purging, release


@shared_task
def build_site(wish: int | None = None) -> None:
    release.build(wish=wish)


@shared_task(
    autoretry_for=(purging.NotPurged,),
    max_retries=10,
    retry_backoff=2,
    retry_backoff_max=128,
    retry_jitter=False,
)  # ten minutes and a half: what is not purged by then has gone by itself
def purge(paths: list[str]) -> None:
    purging.purge(paths)


@shared_task
def publish_scheduled() -> None:
    catching_up.catch_up()
