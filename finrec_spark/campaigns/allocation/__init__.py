"""Which candidate offers a campaign makes: the largest expected incremental volume that its limits allow."""
