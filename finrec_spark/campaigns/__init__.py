"""Campaigns: what is sent to whom, and what it says."""
