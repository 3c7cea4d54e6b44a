"""Views that BI reads; they follow what is published."""

CURRENT_RECOMMENDATIONS = (
    "mart.v_recommendation_current",
    "SELECT * FROM mart.recommendations WHERE month = (SELECT max(month) FROM mart.recommendations"
    " WHERE month IN (SELECT month FROM mart.publications))",
)
"""Name and query: the recommendations of the newest published month that has any, as ``measure`` publishes too."""
