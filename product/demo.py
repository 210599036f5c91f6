"""A month in the life of the demo workspace, the same every time it is told.

Events carry ids made from what they say, so telling it twice counts nothing twice; telling it
again on a later day adds the days since. It stays within the free plan, close to one limit: 9 of
10 links.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from django.core.files.base import ContentFile
from django.utils import timezone

import events
from identity.models import User
from identity.persons import person_of
from product import event_types
from product.files import SAMPLE, new_key, storage
from product.models import File, Link
from tenants.models import Tenant

DAYS = 30
_BUSY_HOURS = [*range(7, 22), *range(9, 18), 12, 17, 20]
_BUSY_WEEKDAYS = (1.0, 1.1, 1.15, 1.1, 0.9, 0.45, 0.4)  # Monday first


@dataclass(frozen=True)
class Story:
    """A link of the demo: `daily` clicks on an average day, `age` days old."""

    code: str
    title: str
    target: str = ""
    file: str = ""
    daily: float = 1.0
    age: int = 40


STORIES = (
    Story(
        "spring-sale",
        "Spring sale, newsletter",
        "https://shop.acme.example/spring?utm=mail",
        daily=7,
    ),
    Story(
        "poster",
        "Poster in the tram",
        "https://shop.acme.example/spring?utm=tram",
        daily=4.5,
        age=24,
    ),
    Story("menu", "Menu on the tables", "https://acme.example/menu", daily=5),
    Story("prices", "Price list for partners", file="price-list-2026.csv", daily=1.6, age=33),
    Story("press", "Press kit", file="press-kit.pdf", daily=0.8),
    Story("jobs", "We are hiring", "https://acme.example/careers", daily=1.5, age=19),
    Story(
        "talk",
        "Slides of the spring talk",
        "https://talks.acme.example/wayfinding",
        daily=1.2,
        age=12,
    ),
    Story(
        "feedback",
        "Two-minute survey",
        "https://survey.acme.example/two-minutes",
        daily=0.9,
        age=26,
    ),
    Story("map", "How to find the studio", "https://maps.example/acme-studio", daily=0.6),
)


def fill(tenant: Tenant, owner: User, *, now: datetime | None = None) -> None:
    """Make the rows that are missing, and record the month up to `now`."""
    now = now or timezone.now()
    person_id = person_of(owner).id
    with events.batch():
        files = {
            name: _file(tenant, name, content, person_id, now)
            for name, content in _contents().items()
        }
        for story in STORIES:
            link = _link(tenant, story, files.get(story.file), person_id, now)
            _record_clicks(tenant, story, link, now)


def _contents() -> dict[str, bytes]:
    rng = random.Random("prices")  # noqa: S311 - a story, not a secret
    lines = [f"A-{n:04d},Sign {n},{rng.randint(900, 24_000) / 100:.2f},EUR" for n in range(1, 901)]
    prices = "\n".join(["article,name,price,currency", *lines, ""])
    return {"price-list-2026.csv": prices.encode(), "press-kit.pdf": SAMPLE.read_bytes()}


def _file(tenant: Tenant, name: str, content: bytes, person_id: UUID, now: datetime) -> File:
    created_at = _morning(now - timedelta(days=41), name)
    found = File.objects.filter(name=name, is_sample=False).first()
    file = found or File.objects.create(
        id=_id(tenant, created_at, "file", name),
        name=name,
        size=len(content),
        content_type="text/csv" if name.endswith(".csv") else "application/pdf",
        sha256=hashlib.sha256(content).hexdigest(),
        storage_key=storage().save(new_key(tenant.schema_name), ContentFile(content)),
        created_by=person_id,
        created_at=created_at,
    )
    events.record(
        event_types.STORAGE_CHANGED.name,
        tenant=tenant,
        person=person_id,
        properties={"bytes": file.size, "file_id": file.id},
        time=file.created_at,
        id=_id(tenant, file.created_at, "stored", name),
    )
    return file


def _link(tenant: Tenant, story: Story, file: File | None, person_id: UUID, now: datetime) -> Link:
    created_at = _morning(now - timedelta(days=story.age), story.code)
    link, _ = Link.objects.get_or_create(
        code=story.code,
        defaults={
            "id": _id(tenant, created_at, "link", story.code),
            "title": story.title,
            "target_url": story.target,
            "file": file,
            "created_by": person_id,
            "created_at": created_at,
        },
    )
    events.record(
        event_types.LINK_COUNT_CHANGED.name,
        tenant=tenant,
        person=person_id,
        properties={"change": 1, "link_id": link.id},
        time=link.created_at,
        id=_id(tenant, link.created_at, "counted", story.code),
    )
    return link


def _record_clicks(tenant: Tenant, story: Story, link: Link, now: datetime) -> None:
    for moment, visitor in _visits(tenant, story, now):
        if link.created_at <= moment <= now:
            events.record(
                event_types.LINK_CLICKED.name,
                tenant=tenant,
                anonymous_id=visitor,
                properties={"link_id": link.id, "code": link.code},
                time=moment,
                id=_id(tenant, moment, "click", story.code),
            )


def _visits(tenant: Tenant, story: Story, now: datetime) -> Iterator[tuple[datetime, UUID]]:
    """When somebody clicked, and who; each day is told by its date alone."""
    for back in range(DAYS, -1, -1):
        day = now.astimezone(UTC).date() - timedelta(days=back)
        rng = random.Random(f"{tenant.slug} {story.code} {day}")  # noqa: S311 - a story, not a secret
        for _ in range(_clicks_on(day, story, rng)):
            at = time(rng.choice(_BUSY_HOURS), rng.randrange(60), rng.randrange(60), tzinfo=UTC)
            yield datetime.combine(day, at), uuid5(NAMESPACE_URL, f"visitor {rng.randrange(400)}")


def _clicks_on(day: date, story: Story, rng: random.Random) -> int:
    mean = story.daily * _BUSY_WEEKDAYS[day.weekday()]
    return max(0, round(rng.gauss(mean, mean**0.5 * 0.8)))


def _morning(day: datetime, name: str) -> datetime:
    """Some time at work on that day, another one for another name."""
    hour, minute = divmod(sum(name.encode()) % (7 * 60), 60)
    return day.replace(hour=8 + hour, minute=minute, second=0, microsecond=0)


def _id(tenant: Tenant, at: datetime, *parts: str) -> UUID:
    """A UUIDv7 of this moment (RFC 9562) whose random part is made from what it stands for."""
    told = "/".join((tenant.schema_name, *parts)).encode()
    random_bits = int.from_bytes(hashlib.sha256(told).digest()[:10])
    milliseconds = int(at.timestamp() * 1000)
    number = milliseconds << 80 | random_bits
    version_and_variant = 0x7 << 76 | 0b10 << 62
    return UUID(int=number & ~(0xF << 76 | 0b11 << 62) | version_and_variant)
