"""The Chinese for every sentence and phrase that `generator/saying.py` says, a file a stage.

The English template is the key. Names and keys of YAML stay as the author writes them.
"""
