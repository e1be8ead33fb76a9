"""Screens: a request is decoded into an Incoming, `handle` answers, the answer becomes a page.

Each `*_page.py` turns results into frozen data and asks nothing of the database; the templates draw
that data and decide nothing. Only `desk.py` and the files of `routes/` know Flask, and `doors.py`
is the only one that calls `handle`.
"""
