"""One file a way to reach another system: a word after `type:` of a connector."""
