"""Builds the public site: all is rendered anew, what did not change is linked, then one switch.

Builds are serialised by an advisory lock of PostgreSQL, held by the transaction (so it survives a
pooler and dies with the process). A build claims every waiting wish before it reads content;
whoever asked meanwhile is served by the one build that follows. A page that cannot be built keeps
its last copy and no other page waits for it; `builds` notes what failed, and tells the editors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import structlog
from django.db import connection, transaction
from wagtail.models import Site

from cms.models import BuildRequest
from cms.pages import reserved
from cms.releases import builds, following, purging, rendering, shared, shelf, withdrawn
from cms.releases.rendering import Address
from cms.releases.shelf import Failure, Release

log = structlog.get_logger(__name__)

_LOCK = 0x434D5301  # any number that nothing else in this database locks
_FORGET_AFTER = timedelta(days=1)

Progress = Callable[[int, int, str], None]


class NoSite(Exception):
    """Wagtail has no default site yet; seed_site makes one."""


def ask(*, now: datetime | None = None) -> int:
    """Note that the site needs a build, in the caller's transaction. Returns the wish's id."""
    return BuildRequest.objects.create(requested_at=now or datetime.now(UTC)).pk


def is_wanted(*, before: datetime) -> bool:
    """Whether a wish older than `before` still waits (its task was lost, or its build failed)."""
    return BuildRequest.objects.filter(release_id="", requested_at__lt=before).exists()


def build(
    *, now: datetime | None = None, wish: int | None = None, progress: Progress | None = None
) -> Release:
    """Build what is published now and show it to visitors.

    With `wish` (from `ask`) nothing is built when a build that started later already served it.
    `progress` is called with (done, total, path). What could not be built is in the release's
    `failures`. Raises NoSite, or what kept it from being written: then visitors see the release
    before.
    """
    now = now or datetime.now(UTC)
    wish = wish or ask(now=now)
    try:
        with transaction.atomic():
            _wait_for_turn()
            with _in_step():
                served = _served(wish)
                if served:
                    return served
                before = shelf.current()
                release = _build(now, wish, progress)
            transaction.on_commit(following.tell_others, robust=True)
            changed = purging.changed(before, release)
            transaction.on_commit(lambda: purging.soon(changed), robust=True)
    except Exception as problem:
        builds.note(started_at=now, problem=str(problem) or type(problem).__name__)
        raise
    builds.note(started_at=now, release=release)
    log.info(
        "site built",
        release=release.id,
        files=len(release.entries),
        reused=release.reused,
        failed=[failure.path for failure in release.failures],
    )
    return release


def _build(now: datetime, wish: int, progress: Progress | None) -> Release:
    release_id = f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{wish:08d}"
    BuildRequest.objects.filter(release_id="").update(release_id=release_id)
    answered = set(BuildRequest.objects.filter(release_id=release_id).values_list("pk", flat=True))
    with shelf.drafting(release_id) as draft:
        _render_into(draft, progress)
        draft.seal(with_pictures=shared.is_on())
        if shared.is_on():
            digest = shared.push(draft.folder, draft.id)
            shared.point_to(draft.id, digest=digest)
        release = draft.publish()
    withdrawn.settle(answered, carried=release.carried)
    if shared.is_on():
        _tidy_bucket(release)
    old = BuildRequest.objects.exclude(release_id="")
    old.filter(requested_at__lt=now - _FORGET_AFTER).delete()
    return release


def _wait_for_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


@contextmanager
def _in_step() -> Iterator[None]:
    """Where machines share a bucket: begin with what they all show, and nobody else on this one
    fetches a release meanwhile. Raises OSError when the bucket does not answer."""
    if not shared.is_on():
        yield
        return
    with following.alone(wait=True):
        following.catch_up()
        yield


def _tidy_bucket(release: Release) -> None:
    """What stays too long costs some room; the release is built."""
    try:
        shared.prune(shown=release.id)
    except OSError as error:
        log.warning("old releases stay in the bucket", error=str(error))


def _served(wish: int) -> Release | None:
    request = BuildRequest.objects.filter(pk=wish).first()
    if request is None or not request.release_id:
        return None
    # Another machine's may be one that this machine never showed: what all show now is newer.
    return shelf.find(request.release_id) or (shelf.current() if shared.is_on() else None)


def _render_into(draft: shelf.Draft, progress: Progress | None) -> None:
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site is None:
        raise NoSite("Wagtail has no default site; run the seed (cms.seed.seed_site) first.")
    todo = rendering.addresses(site)
    for done, address in enumerate(todo, start=1):
        try:
            with transaction.atomic():  # a page that fails in the database fails alone
                page = rendering.render(site, address)
        except (rendering.PageFailed, rendering.PageNotStatic) as problem:
            log.warning("a page of the site was not built", path=address.path, why=str(problem))
            _fail(draft, address, problem)
        else:
            draft.add(
                address.key,
                page.content,
                content_type=page.content_type,
                title=address.title,
                page=address.page,
                revision=address.revision,
            )
        if progress:
            progress(done, len(todo), address.path)


def _fail(draft: shelf.Draft, address: Address, problem: Exception) -> None:
    """Visitors keep the page's last copy, unless that was taken away."""
    slug = address.key.split("/")[0]
    taken = address.page is not None and slug.lower() in reserved.first_segments()
    failure = Failure(
        path=f"/{address.key}",
        why=reserved.in_words(slug) if taken else str(problem),
        title=address.title,
        page=address.page,
    )
    draft.fail(address.key, failure, may_keep=not taken and not withdrawn.is_gone(address.key))
