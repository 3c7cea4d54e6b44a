"""Sources of landing tables: the generator, FAR-Trans, a bank's own files."""
