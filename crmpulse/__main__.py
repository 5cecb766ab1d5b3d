"""`python -m crmpulse` is `crmpulse`."""

from crmpulse.cli import main

main()
