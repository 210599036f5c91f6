"""The page of one's account on which one says which messages one wants."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import MaxLengthValidator
from django.http import HttpResponse
from django.shortcuts import redirect, render

from identity.account import own_page
from identity.models import User
from identity.requests import UserRequest
from outbound import channels, topics
from outbound.consents import consent


class TopicsForm(forms.Form):
    """For each topic that somebody may say no to, a box for each channel by which it comes."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self._channels = [each for each in channels.registered() if each.asks_consent]
        wanted = {
            each.name: consent.wanted_by(user, channel=each.name, unasked=each.comes_unasked)
            for each in self._channels
        }
        for topic in topics.optional():
            ways = [each for each in self._channels if each.name in topic.channels]
            self.fields[topic.key] = forms.MultipleChoiceField(
                label=topic.label,
                help_text=topic.text,
                required=False,
                choices=[(each.name, f"By {each.label}") for each in ways],
                widget=forms.CheckboxSelectMultiple,
                validators=[MaxLengthValidator(len(ways))],
                initial=[each.name for each in ways if topic.key in wanted[each.name]],
            )

    def save(self) -> None:
        for each in self._channels:
            keys = [key for key, ways in self.cleaned_data.items() if each.name in ways]
            consent.choose(
                self.user, wanted=keys, source="account page",
                channel=each.name, unasked=each.comes_unasked,
            )  # fmt: skip


@own_page("GET", "HEAD", "POST")
def mails(request: UserRequest) -> HttpResponse:
    """Which messages one gets."""
    posted = request.POST if request.method == "POST" else None
    form = TopicsForm(posted, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("message_choices")
    return render(request, "outbound/mails.html", {"form": form})
