"""The shape of every kind of definition file: which keys it takes, declared once."""
