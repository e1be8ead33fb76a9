"""FACTS → DECISION: pure functions over plain values; no clock, no database, no request."""
