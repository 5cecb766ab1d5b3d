"""The cases of KPIs, an area each; joined in `tests/aggregators/test_kpis.py`."""
