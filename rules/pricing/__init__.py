"""Prices: a cart and promotions in, amounts with their reasons out; `price.py` is the door."""
