"""Mailed codes that are alive, in a table of their own."""

from __future__ import annotations

from typing import ClassVar

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("identity", "0006_account_safety")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="MailedCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(db_index=True, max_length=254)),
                ("purpose", models.CharField(default="sign-in", max_length=10)),
                ("code", models.CharField(max_length=40)),
                (
                    "made_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now),
                ),
                ("mails", models.PositiveIntegerField(default=0)),
                ("wrong", models.PositiveIntegerField(default=0)),
            ],
        ),
    ]
