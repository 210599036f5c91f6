"""Below `/cms/`; who may see the administration at all is asked there."""

from __future__ import annotations

from django.urls import path

from outbound.letter_pages import views

urlpatterns = [
    path("letters/", views.index, name="letters"),
    path("letters/kinds/<str:key>/", views.kind, name="letters_kind"),
    path("letters/kinds/<str:key>/first-words/<str:mode>/", views.first_words, name="letters_first_words"),
    path("letters/kinds/<str:key>/drafts/<str:language>/", views.begin, name="letters_begin"),
    path("letters/<int:pk>/first-words/", views.go_back, name="letters_go_back"),
    path("letters/<int:pk>/samples/", views.sample, name="letters_sample"),
]  # fmt: skip
