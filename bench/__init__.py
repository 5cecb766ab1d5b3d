"""Measurements beside others, on the same events, checked to have counted the same: `python -m bench`."""
