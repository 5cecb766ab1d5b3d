"""The shapes of answers about who asks and how the service is."""

from pydantic import Field

from api.answers import Shape


class Session(Shape):
    """Who asks, and what is allowed."""

    org: str
    name: str | None = Field(description="of the organisation")
    time_zone: str
    currency: str
    scopes: list[str]
    limit: str = Field(description="`team:<id>` or `user:<id>`; empty: everything")
    expires: str | None
    link: str | None = Field(None, description="a page for a screen; the pass in it ends at `expires`")


class Partition(Shape):
    """How far the tables are behind a partition of the log; null is not known."""

    partition: int
    log_end: int | None = Field(description="the offset that the next event will have")
    applied: int | None = Field(description="the offset of the first event that is not counted")
    lag: int | None


class Server(Shape):
    """A server that this one needs."""

    address: str
    answers: bool


class Status(Shape):
    """How the service is."""

    partitions: list[Partition]
    lag: int | None = Field(description="how many events wait to be counted")
    dead_letters: int | None = Field(description="how many events could not be used")
    kafka: Server
    redis: Server
    versions: dict[str, str | int]


class Health(Shape):
    """All is well."""

    status: str
