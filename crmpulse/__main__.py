"""`python -m crmpulse` is `crmpulse`."""

from crmpulse.cli import main

if __name__ == "__main__":
    main()
