"""Background work: what a request promises in its transaction is done later, once, and can be seen.

The database is the truth (`sw_outbox`, `sw_job_run`); Redis only shortens the wait. Losing Redis
loses nothing: whatever it forgot is still `queued` in the database and is handed over again.
"""
