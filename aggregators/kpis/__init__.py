"""The rows of the catalogue, an area a module."""
