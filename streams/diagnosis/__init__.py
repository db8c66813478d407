"""Failure diagnosis (S2): no failure without a category, a reason, a summary and the evidence for them."""

from streams.diagnosis.classifier import Classifier, Diagnosis, Evidence, default_classifier
from streams.diagnosis.rule import Rule, load_rules, packaged_rules, parse_rules

__all__ = [
    "Classifier",
    "Diagnosis",
    "Evidence",
    "Rule",
    "default_classifier",
    "load_rules",
    "packaged_rules",
    "parse_rules",
]
