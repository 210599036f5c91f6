"""What strangers could use: unsafe settings, and logins that everybody can read in the README."""

from __future__ import annotations

from collections.abc import Iterator

from allauth.account.models import EmailAddress
from django.conf import settings

from identity import administrators
from identity.models import User
from plg_site.configuration import safety
from plg_site.development import demo
from plg_site.doctor.findings import Finding, fine, problem

TITLE = "Security"


def look() -> Iterator[Finding]:
    found = safety.find()
    for unsafe in found:
        yield problem(unsafe.says, unsafe.do, id=unsafe.id)
    if not found:
        yield fine("no setting is unsafe")
    yield from _demo_logins()
    yield from _unproved_staff()
    yield from _administrator()


def _demo_logins() -> Iterator[Finding]:
    """Only where strangers come: in development they are what one signs in with."""
    if settings.PUBLIC_SCHEME != "https":
        return
    addresses = [address for address, *_ in demo.PEOPLE.values()]
    users = User.objects.filter(email__in=addresses, is_active=True)
    open_ones = sorted(user.email for user in users if user.check_password(demo.PASSWORD))
    if open_ones:
        yield problem(
            f"the password of the demo, which everybody can read, opens {', '.join(open_ones)}",
            "Delete these users at /cms/users/, and run manage.py prepare without --demo.",
            addresses=open_ones,
        )


def _unproved_staff() -> Iterator[Finding]:
    proved = EmailAddress.objects.filter(verified=True).values("user")
    staff = User.objects.filter(is_active=True).exclude(pk__in=proved)
    names = sorted(u.email for u in staff.filter(is_staff=True) | staff.filter(is_superuser=True))
    if names:
        yield problem(
            f"staff whose address is not proved: {', '.join(names)}",
            "They open the mail that confirms their address; until then their rights do not count.",
            addresses=names,
        )


def _administrator() -> Iterator[Finding]:
    if not administrators.working().exists():
        yield problem(
            "nobody is administrator: no one could invite editors or see the staff pages",
            "Run manage.py start_here --email with the address of who is; a code is mailed to it.",
        )
