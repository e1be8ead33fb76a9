"""One file a kind of job: NAME, `def run(run_id, runtime)`, optional QUEUE, ATTEMPTS, TIMEOUT."""
