"""Requests in, responses out: the only place where Flask and Flask-AppBuilder are used."""
