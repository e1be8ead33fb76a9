"""The command line: a file a topic; `app.py` says which command is where."""
