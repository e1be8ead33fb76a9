"""A provider on this machine: it answers what connectors ask, and can play every bad day of one.

A process of its own, so that calls and events really cross HTTP. It knows connectors from the
definitions and nothing of what they are for.
"""
