"""`crmpulse` with a script that takes for granted that the tables stand where the worker believes."""

from crmpulse import cli
from streams import commit

commit.POSITION += "\nat = expected\n"
cli.main()
