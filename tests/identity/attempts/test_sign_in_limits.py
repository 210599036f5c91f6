"""Nobody can lock out a chosen person, and nobody can guess without end."""

from __future__ import annotations

import re

import altcha
import pytest
from django.core import mail

from identity.attempts import proof_of_work
from identity.models import MailedCode
from identity.proofs import mailed_codes

HERE, ELSEWHERE = "198.51.100.1", "203.0.113.1"


@pytest.fixture
def at(client_for):
    """`at(address)`: a browser at this address."""
    return lambda address: client_for(REMOTE_ADDR=address)


def sign_in(client, email, password="correct horse", **more):  # noqa: S107
    return client.post("/login/", {"login": email, "password": password, **more})


def get_it_wrong(client, email, *, times):
    for _ in range(times):
        assert sign_in(client, email, "wrong horse").status_code == 200


def solved(page: str) -> str:
    """What the script of the page would send."""
    import base64
    import html
    import json

    found = re.search(r'data-proof="([^"]+)"', page)
    assert found, "the page asks for no sum"
    asked = json.loads(html.unescape(found[1]))
    solution = altcha.solve_challenge_v1(
        asked["challenge"], asked["salt"], asked["algorithm"], asked["maxNumber"]
    )
    asked["number"] = solution.number
    return base64.b64encode(json.dumps(asked).encode()).decode()


def test_wrong_passwords_from_one_address_lock_nobody_else_out(at, people):
    stranger = at(HERE)
    get_it_wrong(stranger, people.acme_owner.email, times=12)
    assert sign_in(stranger, people.acme_owner.email).status_code == 200  # the stranger is slowed
    assert sign_in(at(ELSEWHERE), people.acme_owner.email).status_code == 302
    assert sign_in(at(HERE), people.globex_owner.email).status_code == 302


def test_who_is_refused_is_told_the_way_that_stays_open(at, people):
    client = at(HERE)
    get_it_wrong(client, people.acme_owner.email, times=10)
    page = sign_in(client, people.acme_owner.email).content.decode()
    assert "Let us mail you a code instead" in page


def test_a_device_that_has_signed_in_is_not_locked_out_by_any_number_of_others(
    at, people, settings
):
    settings.SIGN_IN_TRIES_PER_ACCOUNT = "12/h"
    mine = at(ELSEWHERE)
    assert sign_in(mine, people.acme_owner.email).status_code == 302
    mine.post("/logout/")
    for number in range(12):
        get_it_wrong(at(f"198.51.100.{number}"), people.acme_owner.email, times=1)
    assert sign_in(at("192.0.2.9"), people.acme_owner.email).status_code == 200
    assert sign_in(mine, people.acme_owner.email).status_code == 302


def test_a_known_device_has_a_bucket_of_its_own_and_no_more_than_that(at, people):
    mine = at(ELSEWHERE)
    sign_in(mine, people.acme_owner.email)
    mine.post("/logout/")
    get_it_wrong(mine, people.acme_owner.email, times=10)
    assert sign_in(mine, people.acme_owner.email).status_code == 200


def test_a_device_is_known_to_the_account_that_signed_in_with_it_and_to_no_other(at, people):
    mine = at(HERE)
    sign_in(mine, people.acme_owner.email)
    mine.post("/logout/")
    get_it_wrong(mine, people.globex_owner.email, times=10)
    assert sign_in(at(HERE), people.globex_owner.email).status_code == 200


def test_a_device_cookie_that_is_not_ours_is_nothing(at, people):
    client = at(HERE)
    client.cookies["plg_device"] = "made:up"
    get_it_wrong(client, people.acme_owner.email, times=10)
    assert sign_in(client, people.acme_owner.email).status_code == 200


def test_an_address_alone_brings_a_sum_for_the_browser_and_no_refusal(at, people, settings):
    settings.SIGN_IN_TRIES_PER_ADDRESS = "5/h"
    for number in range(5):
        get_it_wrong(at(HERE), f"somebody-{number}@example.org", times=1)
    client = at(HERE)
    answer = sign_in(client, people.acme_owner.email)
    assert answer.status_code == 200
    proof = solved(answer.content.decode())
    assert sign_in(client, people.acme_owner.email, proof=proof).status_code == 302
    # A solution counts once.
    again = sign_in(at(HERE), people.globex_owner.email, proof=proof)
    assert again.status_code == 200


def test_behind_an_undeclared_proxy_fifty_typos_ask_nothing_of_anybody_else(at, people, settings):
    settings.SIGN_IN_TRIES_PER_ADDRESS = "5/h"
    from events.limits.clients import UNKNOWN

    for number in range(50):
        client = at("10.0.0.3")
        client.defaults[UNKNOWN] = True
        get_it_wrong(client, f"somebody-{number}@example.org", times=1)
    client = at("10.0.0.3")
    client.defaults[UNKNOWN] = True
    assert sign_in(client, people.acme_owner.email).status_code == 302


def test_a_new_password_is_not_held_up_by_the_tries_at_the_old_one(at, people):
    from identity.attempts import sign_in_limits

    client = at(HERE)
    get_it_wrong(client, people.acme_owner.email, times=10)
    sign_in_limits.forget(people.acme_owner.email)  # as a reset does
    assert sign_in(client, people.acme_owner.email).status_code == 302


# --- Codes -----------------------------------------------------------------------------------


@pytest.fixture
def ask(at, django_capture_on_commit_callbacks):
    """`ask(email, address)`: the browser that has asked for a code."""

    def asked(email, address=HERE, client=None):
        client = client or at(address)
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post("/login/code/", {"email": email})
        assert answer.status_code == 302, answer.content.decode()[:500]
        return client

    return asked


def codes() -> list[str]:
    found = [re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", m.body, re.M) for m in mail.outbox]
    return [each[1] for each in found if each]


def confirm(client, code):
    return client.post("/login/code/confirm/", {"code": code})


def is_in(client) -> bool:
    return "/login/" not in client.get("/go/")["Location"]


def test_asking_again_sends_the_same_code_a_few_times_at_most(ask, people):
    for number in range(10):
        ask(people.acme_owner.email, f"198.51.100.{number}")
    assert len(codes()) == mailed_codes.MAILS
    assert len(set(codes())) == 1


def test_a_stranger_who_asks_does_not_make_my_code_worthless(ask, people):
    mine = ask(people.acme_owner.email, ELSEWHERE)
    [code] = codes()
    for _ in range(5):
        ask(people.acme_owner.email, HERE)
    confirm(mine, code)
    assert is_in(mine)


def test_who_asks_after_a_stranger_has_asked_too_often_signs_in_with_the_code_that_is_there(
    ask, people
):
    for _ in range(5):
        ask(people.acme_owner.email, HERE)
    mine = ask(people.acme_owner.email, ELSEWHERE)
    confirm(mine, codes()[0])
    assert is_in(mine)


def test_a_strangers_wrong_codes_do_not_use_up_mine(ask, people):
    stranger = ask(people.acme_owner.email, HERE)
    for _ in range(8):
        confirm(stranger, "AAAA-AAAA")
    mine = ask(people.acme_owner.email, ELSEWHERE)
    confirm(mine, codes()[0])
    assert is_in(mine)


def test_wrong_codes_of_somebody_whose_address_is_not_known_lock_nobody_out(ask, at, people):
    from events.limits.clients import UNKNOWN

    def behind_a_proxy():
        client = at("10.0.0.3")
        client.defaults[UNKNOWN] = True
        return client

    stranger = ask(people.acme_owner.email, client=behind_a_proxy())
    for _ in range(8):
        confirm(stranger, "AAAA-AAAA")
    mine = ask(people.acme_owner.email, client=behind_a_proxy())
    confirm(mine, codes()[0])
    assert is_in(mine)


def test_a_new_session_makes_no_new_tries(ask, people):
    for _ in range(5):
        confirm(ask(people.acme_owner.email, HERE), "AAAA-AAAA")
    client = ask(people.acme_owner.email, HERE)
    page = confirm(client, codes()[0]).content.decode()
    assert "Too many wrong codes" in page
    assert not is_in(client)


def test_a_code_that_too_many_have_guessed_at_is_good_no_longer(ask, people):
    mine = ask(people.acme_owner.email, ELSEWHERE)
    MailedCode.objects.update(wrong=mailed_codes.ALL_TRIES)
    confirm(mine, codes()[0])
    assert not is_in(mine)
    fresh = ask(people.acme_owner.email, ELSEWHERE)
    assert len(set(codes())) == 2
    confirm(fresh, codes()[-1])
    assert is_in(fresh)


def test_a_code_is_good_once(ask, people):
    first, second = (ask(people.acme_owner.email) for _ in range(2))
    confirm(first, codes()[0])
    confirm(second, codes()[0])
    assert is_in(first)
    assert not is_in(second)


def test_a_code_goes_only_to_whom_it_was_made_for(ask, people):
    ask(people.acme_owner.email)
    assert not mailed_codes.may_mail("thief@example.org", code=codes()[0])


def test_asking_tells_nobody_who_has_an_account_however_often(ask, at):
    for _ in range(6):
        client = ask("nobody@example.org")
    assert confirm(client, "AAAA-AAAA").status_code == 200
    assert len(mail.outbox) <= 1  # and a stranger to us is not written to again and again


def test_resets_are_mailed_a_few_times_and_never_refused(at, people, settings):
    with_links = []
    for number in range(8):
        answer = at(f"198.51.100.{number}").post(
            "/password/reset/", {"email": people.acme_owner.email}
        )
        with_links.append(answer.status_code)
    assert set(with_links) == {302}


def test_of_many_resets_a_few_are_mailed(at, people, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(8):
            at(f"198.51.100.{number}").post("/password/reset/", {"email": people.acme_owner.email})
    assert len(mail.outbox) == 3


def test_the_sum_is_small_enough_for_a_telephone():
    assert proof_of_work.challenge()["maxNumber"] <= 100_000
