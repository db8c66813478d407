"""Secrets are masked in whatever leaves, and only secrets (S2.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.secrets import mask

KEY_BODY = "\n".join(("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ" + "C7VJTUt9Us8cKj", "q83vEjRWeJCrze8="))

SECRETS = {
    "key: sk-abcdefghijklmnop1234": "key: sk-***",
    "sk-proj-Ab12Cd34Ef56Gh78": "sk-proj-***",
    "sk-ant-api03-Ab12Cd34Ef56": "sk-ant-***",
    "rk_live_0123456789abcdef": "rk_live_***",
    "ghp_0123456789abcdefghij": "ghp_***",
    "gho_0123456789abcdefghij": "gho_***",
    "github_pat_11ABCDEFG0_abcdefghijkl": "github_pat_***",
    "glpat-0123456789abcdefghij": "glpat-***",
    "xoxb-1234567890-abcdefghij": "xoxb-***",
    "https://hooks.slack.com/services/T000/B000/XXXXXXXX": "https://hooks.slack.com/services/***",
    "AIzaSyA0123456789abcdefghijklmnopqrstuv": "AIza***",
    "npm_0123456789abcdefghijABCDEFGHIJ012345": "npm_***",
    "pypi-AgEIcHlwaS5vcmcCJDAwMDAwMDAw": "pypi-***",
    "hf_abcdefghijklmnopqrstuvwxyz": "hf_***",
    "AKIAIOSFODNN7EXAMPLE is not authorized": "AKIA*** is not authorized",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": "aws_secret_access_key = ***",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl": "eyJ***",
    "Authorization: Bearer abc.def-ghi next": "Authorization: Bearer *** next",
    "authorization: Basic dXNlcjpwYXNz": "authorization: Basic ***",
    "Authorization: Digest username=x, response=y": "Authorization: ***",
    "curl -H 'x-api-key: 0123456789'": "curl -H 'x-api-key: ***",
    "Cookie: session=1; theme=dark": "Cookie: ***",
    "password=hunter2;timeout=3": "password=***;timeout=3",
    "PGPASSWORD=hunter2 psql": "PGPASSWORD=*** psql",
    "DB_PASS: hunter2": "DB_PASS: ***",
    '{"password": "two words", "retries": 3}': '{"password": "***", "retries": 3}',
    '{\\"api_key\\": \\"abc\\"}': '{\\"api_key\\": \\"***\\"}',
    "{'client_secret': 'abc'}": "{'client_secret': '***'}",
    "deploy --token abcdef --force": "deploy --token *** --force",
    "deploy --password=abcdef": "deploy --password=***",
    "curl -u bob:hunter2 http://host": "curl -u bob:*** http://host",
    "Incorrect API key provided: abc123def": "Incorrect API key provided: ***",
    "postgres://app:hunter2@db:5432/ledger": "postgres://***@db:5432/ledger",
    "https://abc123@host/x.git": "https://***@host/x.git",
    "?token=abc&page=2": "?token=***&page=2",
}
HARMLESS = [
    "",
    "KeyError: 'stages'",
    "max_tokens=512 temperature=0.2",
    "Bearer token is invalid",
    "mail bob@host about ticket 7",
    "https://host/path?sort=1",
    "assert response.status == 429",
    "risk-assessment and disk-management",
]


@pytest.mark.parametrize(("text", "masked"), SECRETS.items())
def test_a_secret_is_replaced_and_its_surroundings_stay(text, masked):
    """The value goes, the name and what stands around stay."""
    assert mask(text) == masked


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays_as_it_is(text):
    """Words about secrets are no secrets."""
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"{{begin}}\n{KEY_BODY}\n{{end}}\nafter", "{begin}***{end}\nafter"),
        (f"before\n{{begin}}\n{KEY_BODY}", "before\n{begin}***"),
        (f"{KEY_BODY}\n{{end}}", "***{end}"),
        (f"before\n{KEY_BODY.splitlines()[0]}\nafter:", "before\n***\nafter:"),
    ],
)
def test_a_private_key_is_masked_whole_or_in_part(text, masked):
    """Neither a key nor the part of it that a cut left over is shown."""
    marks = {"begin": "-----BEGIN RSA PRIVATE KEY-----", "end": "-----END RSA PRIVATE KEY-----"}
    assert mask(text.format(**marks)) == masked.format(**marks)


@given(st.text() | st.lists(st.sampled_from([*SECRETS, *HARMLESS, "\n", " ", "-----", '"', "'"])).map("".join))
def test_masking_twice_changes_nothing_more(text):
    """Masked text holds nothing to mask."""
    once = mask(text)
    assert mask(once) == once


SECRET_VALUES = st.from_regex(r"[A-Za-z0-9]{20,40}", fullmatch=True)
PLACES = [
    "password={}",
    '"api_key": "{}"',
    "Authorization: Bearer {}",
    "https://u:{}@host",
    "sk-{}",
    "--token {}",
    "ghp_{}",
]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.sampled_from(PLACES), SECRET_VALUES, st.text())
def test_no_planted_secret_is_left(before, place, secret, after):
    """Whatever stands around it, a secret in one of its places is gone."""
    assert secret not in mask(f"{before} {place.format(secret)} {after}")


def test_lone_surrogates_and_nul_bytes_pass_through():
    """Text that is not proper Unicode is masked too."""
    assert mask("\ud800 password=hunter2\x00 \udfff") == "\ud800 password=*** \udfff"


@pytest.mark.parametrize(
    "unit", ["password='", "-----BEGIN PRIVATE KEY-----\n", "://a@", "bearer ", f"{'A' * 64}\nab\n"]
)
def test_a_mebibyte_of_half_secrets_is_masked_to_a_fixed_point(unit):
    """Masking ends on the inputs that would take a backtracking matcher for ever."""
    once = mask(unit * (2**20 // len(unit)))
    assert mask(once) == once
