"""Backup and restore: everything a shop is in one archive, and back, proved by its own check sums.

`archive` writes and reads the file, `taking` makes one, `restoring` brings it into an empty
database, `trying` proves that this would work. What the databases differ in is in
`runtime/store/copies.py`. The secret of the installation is not in it: it must be kept elsewhere.
"""
