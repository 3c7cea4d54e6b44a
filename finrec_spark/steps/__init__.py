"""What reads tables for more than one run."""
