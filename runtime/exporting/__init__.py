"""Exports that nobody waits for: saved ones, those of a schedule, and what is too large to watch.

A wish says what shall be in a file; a job writes it in the name of one person, with the rights they
have at that moment, and keeps with it which rights those were. Whoever fetches it later must still
have the same.
"""
