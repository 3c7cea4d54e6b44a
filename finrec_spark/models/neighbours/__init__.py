"""Neighbours of products and of customers: Pearson's correlation, Euclidean distance."""
