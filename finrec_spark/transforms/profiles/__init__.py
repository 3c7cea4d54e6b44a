"""Customers and products as the bank knew them before a month."""
