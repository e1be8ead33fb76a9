"""Other systems: what is asked of them, what they tell, and what a person does when nobody knows.

    outbox row → call row → worker asks under the row's key → result row and its transition
    event → stored → answered 2xx → one transaction with its effect

A call is made at least once and always under one key, which was stored before the first try. What
nobody can know becomes an incident, never a guess.
"""
