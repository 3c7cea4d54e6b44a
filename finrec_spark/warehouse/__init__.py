"""The only reader and writer of Delta."""
