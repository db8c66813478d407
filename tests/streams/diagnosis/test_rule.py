"""Rules are data, and a bad one is refused by name and place before anything starts (S2)."""

import pytest
import re2

from events.categories import CATEGORIES
from streams.diagnosis import Rule, packaged_rules, parse_rules

GOOD = """
[guards]
max_cooldown_factor = 8

[[rules]]
name = "http-429"
pattern = 'HTTP 429'
category = "provider_error"
reason = "rate_limit"
"""
REFUSED = {
    "a pattern that does not compile": (
        "pattern = '(oops'",
        "policy.toml: rule 2 (line 10) 'broken': pattern: missing ): (oops",
    ),
    "brackets that close nothing": (
        "pattern = 'a)|(b'",
        "policy.toml: rule 2 (line 10) 'broken': pattern: unexpected ): a)|(b",
    ),
    "a backreference": (
        "pattern = '(a)\\1'",
        "policy.toml: rule 2 (line 10) 'broken': pattern: invalid escape sequence: \\1",
    ),
    "a pattern that matches nothing at all": (
        "pattern = 'a*'",
        "policy.toml: rule 2 (line 10) 'broken': pattern: matches empty text, so it would speak about every output",
    ),
    "an unknown key": (
        "pattern = 'a'\nregex = 'b'",
        "policy.toml: rule 2 (line 10) 'broken': regex: Extra inputs are not permitted",
    ),
    "a strength out of bounds": (
        "pattern = 'a'\nstrength = 9",
        "policy.toml: rule 2 (line 10) 'broken': strength: Input should be less than or equal to 5",
    ),
}


def test_a_policy_s_rules_need_four_fields():
    """Name, pattern, category and reason make a rule; other tables of the file are not looked at."""
    (rule,) = parse_rules(GOOD, source="policy.toml")
    assert (rule.name, rule.pattern, rule.category, rule.reason) == (
        "http-429",
        "HTTP 429",
        "provider_error",
        "rate_limit",
    )


@pytest.mark.parametrize(("fields", "message"), REFUSED.values(), ids=REFUSED)
def test_a_bad_rule_is_refused_with_its_name_and_place(fields, message):
    """The one line says which rule of which file, and what is wrong."""
    text = f'{GOOD}[[rules]]\nname = "broken"\ncategory = "timeout"\nreason = "x"\n{fields}\n'
    with pytest.raises(ValueError, match=r".") as refusal:
        parse_rules(text, source="policy.toml")
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules = [", "policy.toml: not TOML: "),
        ("rules = 3", "policy.toml: rules must be [[rules]] tables"),
        ("rules = [3]", "policy.toml: rule 1 'without a name': "),
        (
            GOOD + GOOD.partition("[[rules]]")[1] + GOOD.partition("[[rules]]")[2],
            "policy.toml: rule 2 (line 10) 'http-429': another",
        ),
    ],
)
def test_a_file_that_holds_no_rules_is_refused(text, message):
    """Broken TOML, other values and a name used twice are told in one line."""
    with pytest.raises(ValueError, match=r".") as refusal:
        parse_rules(text, source="policy.toml")
    assert str(refusal.value).startswith(message)


def test_a_pattern_may_be_laid_out_in_lines():
    """Line breaks and indentation are no part of a pattern."""
    text = "[[rules]]\nname = 'x'\npattern = '''(?i)\n    one\n    |two '''\ncategory = 'timeout'\nreason = 'x'\n"
    assert parse_rules(text, source="x")[0].pattern == "(?i)one|two "


def test_the_indentation_of_a_single_line_is_layout_too():
    """A pattern on a line of its own begins with its first character, as those of several lines do."""
    text = "[[rules]]\nname = 'x'\npattern = '''\n    one'''\ncategory = 'timeout'\nreason = 'x'\n"
    assert parse_rules(text, source="x")[0].pattern == "one"


def test_packaged_rules_cover_every_category_under_their_own_names():
    """Each category has rules, and no name means two."""
    rules = packaged_rules()
    assert {rule.category for rule in rules} == set(CATEGORIES)
    assert len({rule.name for rule in rules}) == len(rules)


def test_few_packaged_rules_are_tried_on_every_output():
    """Nearly all rules hold a literal that an output must have before they are tried."""
    literals = re2.Filter()
    for rule in packaged_rules():
        literals.Add(rule.pattern)
    literals.Compile()
    assert len(literals.Match(b"\x01", potential=True) or ()) <= 4


def test_a_rule_is_a_value():
    """Rules cannot be changed once read."""
    with pytest.raises(ValueError, match="frozen"):
        Rule(name="x", pattern="x", category="timeout", reason="x").pattern = "y"
