"""The API. Keys, metering of calls and the form of errors come from plg_site.workspace_api.api."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema, Status

from identity.persons import person_of
from tenants.api import Body
from tenants.requests import KeyedRequest
from tests.reference_product import things
from tests.reference_product.models import NAME_MAX_LENGTH, Thing

router = Router(tags=["Things"])
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[UUID | None, Query(description="`next_cursor` of the page before.")]


class ThingIn(Body):
    """A thing to make."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_MAX_LENGTH, examples=["A first one"])]


class ThingOut(Schema):
    """A thing. Times are UTC."""

    id: UUID
    name: str
    is_sample: bool
    created_at: datetime


class ThingPage(Schema):
    """Some things, newest first."""

    items: list[ThingOut]
    next_cursor: UUID | None


@router.get("/things", response=ThingPage, operation_id="list_things", summary="List things")
def list_things(request: KeyedRequest, limit: Limit = 20, cursor: Cursor = None) -> ThingPage:
    """Newest first, samples included. Follow `next_cursor` until it is null."""
    rows = Thing.objects.order_by("-pk")  # UUIDv7: the order in which they were made
    found = list((rows.filter(pk__lt=cursor) if cursor else rows)[: limit + 1])
    items = [ThingOut.from_orm(thing) for thing in found[:limit]]
    return ThingPage(items=items, next_cursor=items[-1].id if len(found) > limit else None)


@router.post(
    "/things", response={201: ThingOut}, operation_id="create_thing", summary="Make a thing"
)
def create_thing(request: KeyedRequest, payload: ThingIn) -> Status[Thing]:
    """A new thing. At the limit of the plan: 402, with the reason in words."""
    thing = things.add(request.tenant, payload.name, person_id=_person_id(request))
    return Status(201, thing)


@router.post(
    "/things/{uuid:thing_id}/use",
    response={204: None},
    operation_id="use_thing",
    summary="Use a thing",
)
def use_thing(request: KeyedRequest, thing_id: UUID) -> Status[None]:
    """Counted each time."""
    thing = get_object_or_404(Thing, pk=thing_id)
    things.use(request.tenant, thing, person_id=_person_id(request))
    return Status(204, None)


@router.delete(
    "/things/{uuid:thing_id}",
    response={204: None},
    operation_id="delete_thing",
    summary="Delete a thing",
)
def delete_thing(request: KeyedRequest, thing_id: UUID) -> Status[None]:
    """For good. Its place is free again."""
    thing = get_object_or_404(Thing, pk=thing_id)
    things.delete(request.tenant, thing, person_id=_person_id(request))
    return Status(204, None)


def _person_id(request: KeyedRequest) -> UUID | None:
    """The person who holds the key: what it does is done in their name."""
    user = request.api_key.acts_for
    return person_of(user).id if user else None
