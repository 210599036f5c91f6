"""The journey over HTTP against every process, as `bin/dev --check` walks it."""

import pytest

from plg_site.walk import journey

pytestmark = pytest.mark.stack


def test_the_walk_command_says_what_it_saw_and_exits_zero(stack):
    done = stack.manage("walk", "--site", stack.site_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"walked {len(journey.steps())} steps" in done.stdout


@pytest.mark.thorough
def test_the_walk_command_fails_on_the_first_wrong_answer(stack):
    done = stack.manage("walk", "--site", stack.site_url, "--password", "not the password")
    assert done.returncode == 1
    assert "✗" in done.stdout
