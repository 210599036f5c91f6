"""What a first user does here: this product's part of the walk (`plg_site/walk/journey.py`)."""

from __future__ import annotations

from plg_site.walk.browser import WrongAnswer
from plg_site.walk.walker import Walk, is_problem, used, wait


def find_it_furnished(walk: Walk) -> str:
    """The workspace holds a sample and a checklist."""
    walk.user.open(walk.workspace + "/").must_say("Sample", "First steps")
    return "checklist, a sample"


def make_a_thing(walk: Walk) -> str:
    """They make one and use it; both are counted."""
    form = walk.user.open(walk.workspace + "/").form(field="name")
    page = walk.user.submit(form, {"name": f"Thing {walk.run}"}).must_say(f"Thing {walk.run}")
    walk.user.submit(page.form(action="/use/"))
    wait(lambda: used(walk, "things") == "1", "one thing is counted")
    wait(lambda: used(walk, "uses") == "1", "one use is counted")
    return "made and used once; usage says so"


def reach_the_limit(walk: Walk) -> str:
    """At the free plan's limit API and page say so in words."""
    for number in range(50):
        answer = walk.ask_api("POST", "/things", json={"name": f"By API {number}"})
        if answer.status_code != 201:
            break
    problem = is_problem(answer)
    if answer.status_code != 402 or problem.get("meter") != "things":
        raise WrongAnswer(f"At the limit the API answered {answer.status_code}: {problem}")
    form = walk.user.open(walk.workspace + "/").form(field="name")
    page = walk.user.submit(form, {"name": "One too many"}, expect=402)
    if not page.must_say(f"{problem['limit']} things").links("/billing/"):
        raise WrongAnswer("The refusal has no link to billing.")
    return f"{problem['limit']} things; 402 in words"


def go_on(walk: Walk) -> str:
    """What the limit refused is allowed, as soon as the plan is paid."""
    walk.api("POST", "/things", expect=201, json={"name": "One more"})
    return "the next thing is allowed"


AFTER_SIGN_UP = (find_it_furnished, make_a_thing)
WITH_AN_API_KEY = (reach_the_limit,)
AFTER_PAYING = (go_on,)
PAGES = ()  # addresses beside "/" that an outsider must not find
