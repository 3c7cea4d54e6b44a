"""Views that BI reads."""

CURRENT_RECOMMENDATIONS = (
    "mart.v_recommendation_current",
    "SELECT * FROM mart.recommendations WHERE month = (SELECT max(month) FROM mart.recommendations)",
)
"""Name and query: the newest month's recommendations."""
