"""DEFINITIONS → MODEL → LIBRARIES: YAML becomes a frozen model, and it tables, schemas, screens."""
