"""Outgoing webhooks, told to a real receiver that verifies by its own code."""
