"""What is said of a campaign: never more than its checks, its takers and its interval allow."""

import pandas as pd
import pytest

from benchmarks.measured_campaigns import simulated_campaign
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.campaigns.measurement.verdicts import measured
from finrec_spark.messages import languages
from finrec_spark.tables import CAMPAIGN_OUTCOMES

PARAMS = MeasureParams()


def rows_of(cells, language="en", params=PARAMS):
    return pd.DataFrame(measured(cells, params).rows(params, language))


def whole(rows, measure="takers", method="welch_cuped_shared"):
    chosen = (rows.dimension == "all") & (rows.measure == measure) & (rows.method == method)
    return rows[chosen].iloc[0]


@pytest.fixture(scope="module")
def strong():
    return simulated_campaign(1, 40_000, 2.0).cells


def test_the_rows_are_those_of_the_declared_table(strong):
    rows = rows_of(strong)
    assert {*rows.columns, "month", "run_id"} == set(CAMPAIGN_OUTCOMES.column_names)
    assert not rows.duplicated(["campaign_id", "dimension", "part", "measure", "method"]).any()
    assert set(rows.dimension) == {"all", "product", "channel", "segment"}


def test_a_strong_campaign_brought_more(strong):
    found = whole(rows_of(strong))
    assert (found.verdict, found.sound) == ("more", True)
    assert found.low > 0
    assert found.sentence == (
        f"Contact brought {found.incremental:,.0f} takers more than there would have been without it "
        f"(95 % interval {found.low:,.0f} to {found.high:,.0f})."
    )


def test_a_campaign_that_drove_customers_away_brought_less():
    found = whole(rows_of(simulated_campaign(2, 40_000, -0.9).cells))
    assert found.verdict == "less"
    assert found.high < 0


def test_an_idle_campaign_is_not_distinguishable_from_zero():
    found = whole(rows_of(simulated_campaign(3, 40_000, 0.0).cells))
    assert found.verdict == "not_distinguishable"
    assert found.low < 0 < found.high
    assert found.sentence.startswith("Not distinguishable from zero: ")


def test_with_few_takers_nothing_is_said():
    found = whole(rows_of(simulated_campaign(4, 200, 0.0).cells))
    assert found.verdict == "too_few"


def test_a_campaign_whose_controls_were_contacted_is_not_believed_and_the_check_is_named(strong):
    spoilt = strong.assign(contacted=strong.units)
    rows = rows_of(spoilt)
    assert set(rows.verdict) == {"not_sound"}
    assert "contamination" in rows.sentence.iloc[0]


@pytest.mark.parametrize("language", languages())
def test_every_verdict_is_said_in_every_language(language, strong):
    idle, spoilt = simulated_campaign(3, 40_000, 0.0).cells, strong.assign(contacted=strong.units)
    for cells in (strong, idle, spoilt, simulated_campaign(4, 200, 0.0).cells):
        assert rows_of(cells, language).sentence.str.len().min() > 5


def test_the_hold_out_is_what_the_programme_is_compared_with(strong):
    renamed = {"campaign_id": "programme", "product_id": "all", "channel": "all"}
    cells = strong.assign(**renamed, arm=strong.arm.replace({"control": "holdout"}))
    rows = rows_of(pd.concat([strong, cells]))
    programme = rows[rows.campaign_id == "programme"].drop(columns="campaign_id").reset_index(drop=True)
    campaign = rows[(rows.campaign_id == "simulated") & rows.dimension.isin(["all", "segment"])]
    pd.testing.assert_frame_equal(programme, campaign.drop(columns="campaign_id").reset_index(drop=True))


def test_many_parts_do_not_make_a_finding_by_luck(strong):
    """A segment alone with these takers would be a finding (p = .03); one of twenty is not."""
    takers = {f"s{i}": (100, 100) for i in range(19)} | {"lucky": (132, 100)}
    parts = [_segment(strong, name, *counts) for name, counts in takers.items()]
    rows, alone = rows_of(pd.concat(parts)), rows_of(parts[-1])
    lucky = [found[(found.part == "lucky") & (found.measure == "takers")].iloc[0] for found in (rows, alone)]
    assert lucky[0].p_value == lucky[1].p_value < 0.05
    assert lucky[0].p_adjusted == pytest.approx(20 * lucky[0].p_value)
    assert [found.verdict for found in lucky] == ["not_distinguishable", "more"]


def _segment(like, name, treated_takers, control_takers):
    """Cells of a segment with 1000 customers in each arm."""
    counts = {("treatment", True): treated_takers, ("control", True): control_takers}
    counts |= {(arm, False): 1000 - took for (arm, _), took in counts.items()}
    rows = [like.iloc[0].to_dict() | {"arm": arm, "taken": took, "units": n} for (arm, took), n in counts.items()]
    zeros = dict.fromkeys(like.columns[like.columns.get_loc("contacted") :], 0.0)
    return pd.DataFrame(rows).assign(**zeros, segment=name, stratum=name, control_share=0.5, exploration=False)
