"""Ledgers: what they refuse, their laws, and many at once."""
