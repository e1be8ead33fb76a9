"""What jobs can do: one word a file, found by listing this folder; see `generator/steps.py`."""
