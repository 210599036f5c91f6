"""Which accounts a mailbox opens: the one that has proved it, whether it is the main address or another."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from identity.models import User
from tests.identity.mailbox import is_signed_in

FURTHER = "otto@further.example"


def test_a_proved_further_address_opens_the_account_and_nobody_elses(client_for, people, mailbox):
    """Also where strangers have signed up with it: they have proved nothing."""
    EmailAddress.objects.create(user=people.outsider, email=FURTHER, verified=True)
    User.objects.create_user(FURTHER, "another horse")
    browser = client_for()
    mailbox.sign_in_by_code(browser, FURTHER)
    assert is_signed_in(browser)
    assert browser.session["_auth_user_id"] == str(people.outsider.pk)


def test_one_that_is_not_proved_opens_nothing(client_for, people, mailbox):
    EmailAddress.objects.create(user=people.outsider, email=FURTHER, verified=False)
    browser = client_for()
    with mailbox.open():
        browser.post("/login/code/", {"email": FURTHER})
    assert not is_signed_in(browser)
    assert not [row for row in EmailAddress.objects.filter(email=FURTHER) if row.verified]
