"""dj-stripe's models have the SDK's classes, although these are imported when they are used."""

from __future__ import annotations

import subprocess
import sys

import stripe
from django.apps import apps
from djstripe.models import Charge, Subscription
from djstripe.models.base import StripeModel

from billing import late_resources


def test_every_model_leads_to_the_class_of_its_object():
    models = list(apps.get_app_config("djstripe").get_models())
    resources = [
        each
        for each in models
        if issubclass(each, StripeModel) and type(each.stripe_class) is late_resources.Late
    ]
    assert len(resources) > 30
    for model in resources:
        assert isinstance(model.stripe_class.OBJECT_NAME, str), model


def test_a_stand_in_is_its_class_to_who_asks():
    assert type(Charge.stripe_class) is late_resources.Late
    charge = stripe.Charge.construct_from({"id": "ch_1"}, "sk_test_x")
    assert isinstance(charge, Charge.stripe_class)
    assert not isinstance(charge, Subscription.stripe_class)
    assert issubclass(stripe.Charge, Charge.stripe_class)
    assert Charge.stripe_class.retrieve == stripe.Charge.retrieve
    assert isinstance(Charge.stripe_class("ch_2"), stripe.Charge)


def test_afterwards_the_sdk_gives_its_own_classes_again():
    with late_resources.classes_come_late():
        assert type(stripe.Refund) is late_resources.Late
        assert type(stripe.issuing.Card) is late_resources.Late
        assert issubclass(stripe.StripeError, Exception)
    assert type(stripe.Refund) is type
    assert type(stripe.issuing.Card) is type


def test_nothing_of_it_is_imported_at_a_start():
    code = "import django, sys; django.setup(); print('stripe._charge' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "False", done.stderr
