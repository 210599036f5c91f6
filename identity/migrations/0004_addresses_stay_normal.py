from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0003_normal_addresses")]

    operations = [
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("email__regex", "^[!-@[-~]*$")), name="user_email_is_normal"
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("email__regex", "^[!-@[-~]*$")), name="person_email_is_normal"
            ),
        ),
        # allauth's table.
        migrations.RunSQL(
            "ALTER TABLE account_emailaddress ADD CONSTRAINT emailaddress_is_normal"
            " CHECK (email ~ '^[!-@[-~]*$')",
            "ALTER TABLE account_emailaddress DROP CONSTRAINT emailaddress_is_normal",
        ),
    ]
