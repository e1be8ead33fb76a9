"""REQUEST → RESULT: every request, from a screen, the API or a job, walks the same six steps."""
