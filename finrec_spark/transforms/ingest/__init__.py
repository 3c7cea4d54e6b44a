"""Delivered rows → silver: typed, screened, without repeats."""
