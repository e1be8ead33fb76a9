"""Step 3 of 5, resolve: what authors gave → the frozen model, every name looked up."""
