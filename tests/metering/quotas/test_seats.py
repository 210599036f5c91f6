import pytest

from events.models import OutboxEvent
from identity.models import User
from metering.asking import usage
from metering.quotas import quota
from tenants.members.membership import SeatRefused, add_member, invite, leave
from tenants.models import Membership, Role


def somebody(name):
    return User.objects.create_user(f"{name}@example.org", "correct horse", name=name)


def test_a_full_workspace_takes_nobody_in_and_says_why(log, acme):
    taken = Membership.objects.for_tenant(acme).count()
    quota.set_limits(acme, {"seats": taken + 1})
    add_member(acme, user=somebody("last"), role=Role.MEMBER)
    with pytest.raises(SeatRefused, match=f"has used all {taken + 1} seats of its plan"):
        add_member(acme, user=somebody("late"), role=Role.MEMBER)


def test_an_invitation_to_a_full_workspace_is_refused(log, acme, people):
    quota.set_limits(acme, {"seats": Membership.objects.for_tenant(acme).count()})
    with pytest.raises(SeatRefused):
        invite(acme, email="new@example.org", role=Role.MEMBER, by=people.acme_owner)


def test_a_seat_that_was_left_can_be_taken(log, acme):
    quota.set_limits(acme, {"seats": Membership.objects.for_tenant(acme).count()})
    leave(Membership.objects.for_tenant(acme).exclude(role=Role.OWNER).first())
    assert add_member(acme, user=somebody("next"), role=Role.MEMBER)


def test_the_seats_meter_counts_what_the_rows_say(log, acme):
    quota.set_limits(acme, {})
    OutboxEvent.objects.all().delete()
    member = add_member(acme, user=somebody("in"), role=Role.MEMBER)
    add_member(acme, user=somebody("stays"), role=Role.MEMBER)
    leave(member)
    log.settle()
    assert usage.current(acme, "seats") == 1
