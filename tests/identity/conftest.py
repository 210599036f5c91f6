import pytest

from tests.identity.mailbox import Mailbox


@pytest.fixture
def mailbox(django_capture_on_commit_callbacks) -> Mailbox:
    return Mailbox(django_capture_on_commit_callbacks)
