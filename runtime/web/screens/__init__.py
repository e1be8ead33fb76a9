"""Screens: a request is decoded into an Incoming, `handle` answers, the answer becomes a page.

Each `*_page.py` turns results into frozen data and asks nothing of the database; the templates draw
that data and decide nothing. `views.py` is the only module here that knows Flask, `doors.py` the
only one that calls `handle`.
"""
