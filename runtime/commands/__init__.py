"""The command line: a file a topic, each with its click commands in `COMMANDS`."""
