"""What can be known about conditions and graphs before anything runs: pure functions."""
