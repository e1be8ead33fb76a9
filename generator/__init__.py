"""DEFINITIONS → MODEL → LIBRARIES: a folder of YAML becomes a frozen model, and the model becomes tables, schemas, screens."""
