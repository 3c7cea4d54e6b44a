"""Who may be offered what over which channel: rules as data, tried in the order of their stages.

``fields`` declares what a rule may read, ``rules`` what a policy is, ``conditions`` holds the rules' SQL against both,
``contact_history`` and ``options`` make the rows (Spark), ``verdicts`` tries the rules on them.
"""
