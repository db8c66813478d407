"""Failure diagnosis (S2): no failure without a category, a reason, a summary and the evidence for them.

How the words of an output are weighed:

1. Rules are data (`rules/*.toml`, and a policy's own). Each match scores its rule's `strength`.
2. Context: a match on a line that a tool only shows (a source line, a stack frame, a passed test) does not count; one
   said in passing (an INFO line, before another try) or as a warning counts a part.
3. Quotation: what stands behind a match of a rule that `quotes` is other people's words (a compared value, a test's
   name), and no other rule may speak from there.
4. Finality: a match at the start counts 0.7 of the same at the end, so the last of equal errors decides, and a clear
   cause outweighs the vaguer complaints that follow from it.
5. The way the process ended (exit code, signal) is one more witness, with a strength of its own.

The best score decides; a score that says too little leaves the category `unknown`.
"""

from streams.diagnosis.classifier import Classifier, Diagnosis, default_classifier
from streams.diagnosis.rule import Rule, packaged_rules, parse_rules

__all__ = [
    "Classifier",
    "Diagnosis",
    "Rule",
    "default_classifier",
    "packaged_rules",
    "parse_rules",
]
