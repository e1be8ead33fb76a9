"""Step 5 of 5, build: the model → tables, schemas, screens. No Flask, no database session."""
