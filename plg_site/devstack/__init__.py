"""The development stack: what `bin/dev`, `bin/test` and `bin/bench` run.

Importable without Django and without any installed package; what needs one (psycopg) imports it
late. `stack.Stack` is the door for tests: a whole stack, or only its services, in any folder.
"""
