"""Candidates of one process: what the allocation is tried on without Spark."""

from finrec_spark.campaigns.allocation.candidates import Candidates


class HeldCandidates(Candidates):
    """Candidates that this process holds."""

    def __init__(self, block, vocabulary):
        self.block, self._vocabulary = block, vocabulary

    @property
    def vocabulary(self):
        return self._vocabulary

    @property
    def count(self):
        return len(self.block.value)

    @property
    def largest_yuan(self):
        return float(abs(self.block.value).max(initial=0.0))

    def total(self, part):
        return part(self.block)

    def tally(self, part):
        return part(self.block)

    def collect_customers(self, part):
        return part(self.block)
