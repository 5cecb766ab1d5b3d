"""Recounts of the second opinion, an area a module."""
