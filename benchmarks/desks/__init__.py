"""The everyday tasks of `tasks.py`, done in each admin the quickest way that it offers."""
