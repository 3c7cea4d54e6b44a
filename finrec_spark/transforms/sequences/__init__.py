"""Customers' events and products' figures in time."""
