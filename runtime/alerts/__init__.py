"""Alerts at work: `measuring` works numbers out, `looking` decides and tells, `desk` is for people.

What holds is decided in `rules/alerts.py`. A look is a run of a job, so it is seen, tried again and
missed by the watchdog like everything else that is done in the background.
"""
