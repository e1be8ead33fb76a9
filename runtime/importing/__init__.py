"""Files into records: table → documents by a recipe → batches through `import` → verdicts.

file → tables → recipe → grouping → loading → report
"""
