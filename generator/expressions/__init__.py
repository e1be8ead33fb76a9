"""One small language for checks, computed fields, conditions and filters: typed when loaded."""
