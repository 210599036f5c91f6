"""The page of one's account on which one says which messages one wants."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from identity.account import own_page
from identity.models import User
from identity.requests import UserRequest
from outbound import consent, topics


class TopicsForm(forms.Form):
    """One box for each topic that somebody may say no to."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        wanted = consent.wanted_by(user)
        for topic in topics.optional():
            self.fields[topic.key] = forms.BooleanField(
                label=topic.label,
                help_text=topic.text,
                required=False,
                initial=topic.key in wanted,
            )

    def save(self) -> None:
        wanted = [key for key, is_wanted in self.cleaned_data.items() if is_wanted]
        consent.choose(self.user, wanted=wanted, source="account page")


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
