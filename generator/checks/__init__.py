"""Step 4 of 5, check: what each definition allows alone but the whole does not."""
