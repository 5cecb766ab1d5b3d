"""Cases of KPIs, an area a module."""
