"""From what a database holds to what the definitions say: plan, apply, releases.

    current schema (shapes) ─┐
    target tables  (target) ─┼─ diff → changes ─ ddl → SQL ─┐
    facts of the last release┘        └ probes → findings ──┴─ plan → apply → release

FAB's `ab_*`, the engine's `sw_*` and the entities' tables go the same way. There are no version
scripts: a plan is computed from the database that is there, so a database that was altered by hand
or stems from an older release is brought to the same end.
"""
