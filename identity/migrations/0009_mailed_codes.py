"""Mailed codes that are alive, in a table of their own."""

from __future__ import annotations

from typing import ClassVar

import django.utils.timezone
from django.db import migrations, models

import identity.addresses


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
                ("email", identity.addresses.AddressField(db_index=True, max_length=254)),
                ("purpose", models.CharField(default="sign-in", max_length=10)),
                ("mark", models.CharField(db_index=True, max_length=64)),
                ("sealed", models.TextField()),
                (
                    "made_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now),
                ),
                ("mails", models.PositiveIntegerField(default=0)),
                ("wrong", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("email__regex", "^[!-@[-~]*$")),
                        name="mailed_code_email_is_normal",
                    )
                ]
            },
        ),
    ]
