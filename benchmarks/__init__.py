"""Our pipeline beside its peers on one PostgreSQL and one data set; `python -m benchmarks.run`."""
