"""What an editor types into an address bar, or posts by hand, is answered and is no 500."""

from __future__ import annotations

from unittest import mock

import pytest

HUGE = "9" * 21
BY_HAND = [
    "get /cms/images/chooser/chosen/zz/",
    "get /cms/documents/chooser/chosen/zz/",
    "get /cms/images/chooser/chosen-multiple/?id=x",
    "get /cms/documents/chooser/chosen-multiple/?id=x",
    "get /cms/choose-page/chosen-multiple/?id=x",
    "get /cms/bulk/wagtailcore/page/delete/?id=x",
    "post /cms/bulk/wagtailcore/page/delete/?id=x",
    "post /cms/pages/1/lock/",
    "post /cms/pages/1/unlock/",
    "post /cms/pages/1/set_position/",
    "post /cms/choose-external-link/",
    "post /cms/redirects/import/process/",
    f"get /cms/images/chooser/chosen/{HUGE}/",
    f"get /cms/images/chooser/chosen-multiple/?id={HUGE}",
    f"get /cms/pages/{HUGE}/edit/",
    f"get /cms/bulk/wagtailcore/page/move/?id={HUGE}",
    f"post /cms/pages/2/set_position/?position={HUGE}",
]


@pytest.fixture
def editor(client_for, people):
    user = people.outsider
    user.is_staff = user.is_superuser = True
    user.save()
    return client_for(user)


@pytest.mark.parametrize("asked", BY_HAND)
def test_a_request_that_no_page_makes_is_answered(editor, asked):
    method, path = asked.split()
    assert getattr(editor, method)(path).status_code < 500


def _fail(*_: object, **__: object) -> None:
    raise ValueError("ours")


def test_a_fault_of_ours_stays_one(editor):
    with (
        mock.patch("cms.editing.user_forms.EditorAccountView.get", _fail),
        pytest.raises(ValueError, match="ours"),
    ):
        editor.get("/cms/account/")


def test_what_is_no_argument_of_a_request_stays_a_fault(editor):
    with (
        mock.patch("wagtail.admin.views.home.HomeView.get", side_effect=RuntimeError),
        pytest.raises(RuntimeError),
    ):
        editor.get("/cms/")
