"""The scoring pass: candidates, exclusions, ensemble, top-N, reasons."""
