"""Files into records: a table of rows → documents by a recipe → batches through `import` → verdicts.

file → tables → recipe → grouping → loading → report
"""
