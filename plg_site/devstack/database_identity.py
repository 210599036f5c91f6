"""Says which database this is, in a process of its own: the supervisor imports no driver.

python -m plg_site.devstack.database_identity       (of DATABASE_URL)
"""

import os

# Tells a database from one of the same name that was made again, or is empty.
ASK = """SELECT d.oid, pg_catalog.to_regclass('public.django_migrations') IS NOT NULL
         FROM pg_catalog.pg_database d WHERE d.datname = current_database()"""


def main() -> None:
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as connection:
        print(connection.execute(ASK).fetchone())


if __name__ == "__main__":
    main()
