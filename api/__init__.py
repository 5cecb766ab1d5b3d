"""HTTP: events in, answers out."""
