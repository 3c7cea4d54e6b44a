"""The engine of a month, which knows no model."""
