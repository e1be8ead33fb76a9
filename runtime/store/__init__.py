"""The only part that speaks SQL: one query plan for every read, one transaction for every write."""
