"""Views that BI reads; they follow what is published."""

CURRENT_RECOMMENDATIONS = (
    "mart.v_recommendation_current",
    "SELECT * FROM mart.recommendations WHERE month = (SELECT max(month) FROM mart.publications)",
)
"""Name and query: the recommendations of the newest published month."""
