"""Uplift: how much likelier a customer takes a product because it is offered, learned from randomised contacts.

Product category and channel are features of one model, not a model each. Three learners share what this package has:

=================== =================================================================================================
two_models          E[taken | contacted] − E[taken | not], a forest each
transformed_outcome one forest on an outcome whose mean is the effect (Athey, Imbens, "Machine learning methods for
                    estimating heterogeneous causal effects", 2015; Jaskowski, Jaroszewicz 2012)
dr                  one forest on an effect that is doubly robust, from cross-fitted outcome models (Kennedy, "Towards
                    optimal doubly robust estimation of heterogeneous causal effects", 2020)
=================== =================================================================================================

Whatever the learner, what is fitted is one forest in ``model.trees`` whose leaves hold (1 + effect) ÷ 2.
``evaluate --protocol uplift`` fits and scores with this package too: what is measured is what is deployed.
"""
