"""The recurrent network: how its sequences are fed, how it is built, trained in parallel, kept and scored.

Only ``feed``, ``batch``, ``network``, ``losses``, ``ranks``, ``checkpoint``, ``loop``, ``launch`` and ``scoring``
import torch, only ``feed`` imports Petastorm; the rest can be imported where neither is installed.
"""
