"""One file a model: how it is fitted and how it scores a batch of customers."""
