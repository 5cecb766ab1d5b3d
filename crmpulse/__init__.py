"""The command: settings, the parts of a whole service on one machine, and what feeds it."""
