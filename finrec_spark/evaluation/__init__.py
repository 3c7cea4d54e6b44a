"""Metrics, protocols and their report."""
