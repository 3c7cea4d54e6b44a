"""Pure functions, DataFrame to DataFrame."""
