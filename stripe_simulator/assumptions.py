"""`python -m stripe_simulator.assumptions`: what the simulator assumes, as the README's table."""

from stripe_simulator import server  # noqa: F401 (importing it has registered every rule)
from stripe_simulator.sources import table

if __name__ == "__main__":
    print(table())
