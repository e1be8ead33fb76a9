"""The family of words a transition may cause, one file a word; `generator/effects.py` is each."""
