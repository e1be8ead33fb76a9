"""What a post does: vectors, holds, lots, transfers and reversals as values, without a database."""
