from pathlib import Path

DATASETS = Path(__file__).parents[4] / "shared" / "datasets"
