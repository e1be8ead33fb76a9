"""State machines as pure functions: what may happen to a record, and what it causes.

`fire` in `firing.py` is the one way a state changes; `offers` in `offers.py` asks the same
questions without firing. Time, people and facts are arguments; what is to be done comes back as
commands.
"""
