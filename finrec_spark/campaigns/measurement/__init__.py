"""What a campaign brought: from arms and interactions to incremental yuan with an interval and a verdict.

``outcomes`` says what each target did (Spark), ``statistics`` adds it up in one pass (Spark), ``trial_checks`` asks
whether chance was left alone, ``estimates`` makes figures and intervals of the sums (numpy), ``verdicts`` puts them
into rows and words, ``power`` says before launch what could be seen at all.
"""
