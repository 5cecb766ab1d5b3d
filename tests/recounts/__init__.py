"""The recount of KPIs, an area each; joined in `tests/oracle.py`."""
