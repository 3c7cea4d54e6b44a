"""A bank that answers to its own campaigns, and what decides them."""

from finrec_spark.pipeline.config import campaign_values
from tests.test_architecture import ROOT

CAMPAIGN = {
    **campaign_values(ROOT / "conf/campaigns"),
    "arms": {"exploration_share": 0.2, "control_share": 0.3},
    "capacity": {"contacts": 0.5, "by_channel": {"phone": 0.1}},
}
BANK = {"customers": 250, "products": 60, "months": 10, "campaign_every_months": 4, "own_campaigns": 8}
MODELS = {"models": ["popularity"], "campaign": CAMPAIGN}
