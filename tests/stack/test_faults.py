"""What a person sees while a part is down, and that nothing is lost or half made. Kills are real."""

from __future__ import annotations

import re
import time

import httpx
import psycopg
import pytest
import redis
from celery import Celery

from plg_site.walk import journey
from plg_site.walk.browser import Browser
from plg_site.walk.walker import used
from product import walk as signpost
from tests.stack.survival.load import PATIENCE

pytestmark = [pytest.mark.stack, pytest.mark.thorough]


@pytest.fixture
def signed_up(new_walk):
    walk = new_walk()
    journey.sign_up(walk)
    return walk


def workspaces_without_owner_or_domain(stack) -> int:
    with psycopg.connect(stack.env["DATABASE_URL"]) as database:
        row = database.execute(
            """
            SELECT count(*) FROM tenants_tenant t
            WHERE t.status <> 'purging' AND (
                  NOT EXISTS (SELECT FROM tenants_membership m WHERE m.tenant_id = t.id)
               OR NOT EXISTS (SELECT FROM tenants_domain d WHERE d.tenant_id = t.id)
               OR NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = t.schema_name))
            """
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_sign_up_and_redirects_work_while_redis_is_down(stack, new_walk):
    stack.kill("redis", stay_down=True)
    try:
        walk = new_walk()
        journey.sign_up(walk)
        signpost.find_it_furnished(walk)
        signpost.create_a_link(walk)
        Browser().open(walk.met["short_url"], expect=302, follow=False)
    finally:
        stack.restart("redis")
    assert workspaces_without_owner_or_domain(stack) == 0
    until = time.monotonic() + PATIENCE
    while used(walk, "clicks") != "1":
        assert time.monotonic() < until, "the click of the outage was never counted"
        time.sleep(0.2)


def test_sign_up_works_while_the_worker_is_down_and_the_pool_is_empty(stack, new_walk):
    stack.kill("worker", stay_down=True)
    try:
        with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as database:
            for (schema,) in database.execute("SELECT schema_name FROM tenants_poolschema"):
                database.execute(f'DROP SCHEMA "{schema}" CASCADE')
            database.execute("DELETE FROM tenants_poolschema")
        walk = new_walk()
        journey.sign_up(walk)
        signpost.find_it_furnished(walk)
    finally:
        stack.restart("worker")
    assert workspaces_without_owner_or_domain(stack) == 0


def test_a_tab_closed_in_mid_sign_up_leaves_a_whole_workspace_or_none(stack, new_walk):
    walk = new_walk()
    form = walk.user.open(walk.site + "/signup/").form(field="workspace_name")
    password = "a long enough secret"
    answers = {
        **form.defaults,
        "name": "Gone Away",
        "email": walk.email,
        "workspace_name": f"Walk {walk.run}",
        "password1": password,
    }
    with pytest.raises(httpx.TimeoutException):  # closes the connection long before the answer
        walk.user.http.post(
            form.action,
            data=answers,
            headers={"Referer": form.action, "Origin": walk.site},
            timeout=httpx.Timeout(5, read=0.005),
        )
    later = Browser()
    until = time.monotonic() + PATIENCE
    while "/login" in str(later.page.url) or later.page.response.status_code == 204:
        assert time.monotonic() < until, "the sign-up was never finished"
        login = later.open(walk.site + "/login/").form(field="password")
        later.submit(login, {"login": walk.email, "password": password})
    assert str(later.page.url).startswith(f"http://walk-{walk.run}.")
    assert workspaces_without_owner_or_domain(stack) == 0


def test_mail_that_waited_for_the_worker_arrives(stack, new_walk):
    stack.kill("worker", stay_down=True)
    walk = new_walk()
    journey.sign_up(walk)
    stack.restart("worker")
    walk.mail(walk.email, "")


def test_mail_arrives_after_redis_was_killed(stack, new_walk):
    stack.wait_until_ready("worker")
    stack.kill("redis")
    stack.wait_until_ready("redis")
    walk = new_walk()
    journey.sign_up(walk)
    walk.mail(walk.email, "")


def test_the_worker_outlives_redis_also_with_tasks_in_hand(stack):
    """Acknowledging on a closed channel once ended it; then tasks in hand waited for an hour."""
    broker = Celery(broker=stack.env["REDIS_URL"], set_as_current=False)
    broker.conf.update(task_publish_retry=False, task_ignore_result=True)
    stack.wait_until_ready("worker")
    pid = stack.process("worker").pid
    for _ in range(5):
        with (
            broker.connection_for_write() as connection,
            broker.amqp.Producer(connection) as sender,
        ):
            for _ in range(100):  # more than the worker has done when Redis goes
                broker.send_task("celery.accumulate", args=[1, 2], queue="plg", producer=sender)
        stack.kill("redis")
        stack.wait_until_ready("redis")
        stack.wait_until_ready("worker")
        assert stack.process("worker").pid == pid, stack.log.recent("worker")
    queue, until = redis.Redis.from_url(stack.env["REDIS_URL"]), time.monotonic() + PATIENCE
    while queue.llen("plg"):  # it works on, and later tests do not wait behind these
        assert time.monotonic() < until, "the worker stands still"
        time.sleep(0.1)


def test_a_mailed_sign_in_code_is_shown_in_the_log(stack, signed_up):
    journey.verify_the_address(signed_up)  # else one is asked first what was begun with it
    browser = Browser()
    form = browser.open(stack.site_url + "/login/code/").form(field="email")
    browser.submit(form, {"email": signed_up.email})
    until = time.monotonic() + PATIENCE
    wanted = re.compile(rf"{re.escape(signed_up.email)}.*code=(\S+)|code=(\S+).*{signed_up.email}")
    while not (found := wanted.search(stack.state.log_path.read_text())):
        assert time.monotonic() < until, "no code in the log"
        time.sleep(0.1)
    code = found.group(1) or found.group(2)
    browser.submit(browser.page.form(field="code"), {"code": code.strip("'\"")})
    assert str(browser.page.url).startswith(signed_up.workspace)


def test_clicks_while_the_consumer_is_dead_are_counted_when_it_is_back(stack, signed_up):
    signpost.create_a_link(signed_up)
    stack.kill("events", stay_down=True)
    for number in range(20):  # of twenty people
        Browser(user_agent=f"Mozilla/5.0 (X11; Linux x86_64) Walk/{number}").open(
            signed_up.met["short_url"], expect=302, follow=False
        )
    stack.restart("events")
    until = time.monotonic() + PATIENCE
    while used(signed_up, "clicks") != "20":
        assert time.monotonic() < until
        time.sleep(0.2)
    time.sleep(0.5)
    assert used(signed_up, "clicks") == "20"


def test_billing_says_so_in_words_while_stripe_is_away(stack, signed_up):
    journey.verify_the_address(signed_up)
    stack.kill("stripe", stay_down=True)
    try:
        page = signed_up.user.open(signed_up.workspace + "/billing/")
        form = page.form(action="checkout")
        answer = signed_up.user.submit(form, {"plan": "pro", "interval": "month"}, expect=503)
        answer.must_say("payment provider")
    finally:
        stack.restart("stripe")


def test_a_killed_web_process_is_back_and_the_session_goes_on(stack, signed_up):
    stack.kill("web")
    stack.wait_until_ready("web")
    signed_up.user.open(signed_up.workspace + "/").must_say(signed_up.run)


def test_what_was_committed_survives_a_killed_database(stack, signed_up):
    signpost.create_a_link(signed_up)
    stack.kill("postgres")
    stack.wait_until_ready("postgres")
    until = time.monotonic() + PATIENCE
    while signed_up.user.http.get(signed_up.workspace + "/links/").status_code != 200:
        assert time.monotonic() < until
        time.sleep(0.2)
    signed_up.user.open(signed_up.workspace + "/links/").must_say(f"Campaign {signed_up.run}")
    assert workspaces_without_owner_or_domain(stack) == 0
