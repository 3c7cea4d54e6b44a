"""The ID by which one message of a campaign is known, in its file and in what comes back."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def contact_id() -> Column:
    """Of the row's ``campaign_id`` and ``customer_id``: the same at every export, and it does not name the customer."""
    digest = F.substring(F.sha2(F.concat_ws("|", "campaign_id", "customer_id"), 256), 1, 16)
    return F.concat_ws("-", "campaign_id", digest)
