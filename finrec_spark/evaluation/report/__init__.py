"""The report of what was measured: tables for the screen, and one self-contained page for the browser."""
