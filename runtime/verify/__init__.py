"""Plays the scenarios of the definitions through the pipeline, on a database it throws away."""
