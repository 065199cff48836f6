"""By what secrets are recognised: tokens by their form, everything else by what it is called or where it stands.

The forms are those that their providers document (`source`), and those of keys as they are given out where nothing is documented; which
kinds there are was compared with what gitleaks and detect-secrets look for. Each pattern takes time in proportion to the text, also a
hostile one: where a part may be long, no match can begin inside of it, or it ends where the next could begin.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

REDACTED = "[redacted]"


@dataclass(frozen=True, eq=False)
class Rule:
    """One kind of secret. What is taken out is the pattern's group "secret", or all that it matches."""

    name: str
    hints: tuple[str, ...]
    """Without one of these in a text the pattern cannot match; in lower case where it ignores case."""
    pattern: re.Pattern[str]
    source: str = ""
    is_secret: Callable[[str], bool] = lambda secret: True
    """Has the last word on what the pattern found."""
    comes_behind: re.Pattern[str] | None = None
    """What the text before the secret has to end with, on its line; for names, which are cheaper to look for than to begin with."""

    @property
    def ignores_case(self) -> bool:
        return bool(self.pattern.flags & re.IGNORECASE)

    def take_out(self, text: str) -> str:
        """Return the text with `[redacted]` in place of secrets of this kind."""
        return self.pattern.sub(self._redacted, text)

    def _redacted(self, found: re.Match[str]) -> str:
        group = "secret" if "secret" in self.pattern.groupindex else 0
        if not self.is_secret(found[group]) or not self._stands_right(found):
            return found[0]
        start, end = found.start(group) - found.start(), found.end(group) - found.start()
        return found[0][:start] + REDACTED + found[0][end:]

    def _stands_right(self, found: re.Match[str]) -> bool:
        return self.comes_behind is None or bool(
            self.comes_behind.search(found.string, max(found.start() - _SEEN_BEFORE, 0), found.start())
        )


def is_random(value: str) -> bool:
    """Whether a value looks drawn by lot: long, and changing between small letters, capitals and digits as no words do."""
    if len(value) < 16 or not _OF_A_KEY.fullmatch(value):
        return False
    letters = _BORDERS.sub("", value)
    if sum(map(str.isdigit, letters)) < 2 or len(letters) < 12:
        return False
    n_changes = len(_CHANGE.findall(letters))
    return n_changes >= _FEWEST_CHANGES * len(letters) and _bits_per_character(letters) >= _FEWEST_BITS


def is_no_placeholder(value: str) -> bool:
    """Whether a value that stands where a secret belongs is more than a reference to it, or its name once more."""
    if len(_REFERENCE.sub("", value)) < _LEAST_BESIDE_REFERENCES or _is_address(value):
        return False
    is_label = len(value) <= _LONGEST_LABEL and _BORDERS.search(value) and _LABEL.fullmatch(value)
    return not is_label and not _PLACEHOLDER.fullmatch(value) and _BORDERS.sub("", value).lower() not in _NAMES_ALONE


def is_no_code(value: str) -> bool:
    """Whether a value without quotes is a secret, and not a word of the code or of its documentation."""
    if not is_no_placeholder(value):
        return False
    has_mark = bool(re.search(r"[!@#%^&*+?~]", value))
    n_digits, n_letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    return is_random(value) or (n_letters > 0 and (has_mark or n_digits > 1) and not _DOTTED.fullmatch(value))


def _is_address(value: str) -> bool:
    """Whether a value says where tokens are given out, as `access_token_url` does, without a key in it."""
    return bool(_ADDRESS.fullmatch(value)) and not any(map(is_random, value.split("/")))


_SEEN_BEFORE = 100
_OF_A_KEY = re.compile(r"[A-Za-z0-9+/=_.~:-]+")
_BORDERS = re.compile(r"[+/=_.~: -]")
# A capital and the small letters behind it belong together: words in names are written so.
_CHANGE = re.compile(r"(?<=[a-z])[A-Z]|(?<=[0-9])[A-Za-z]|(?<=[A-Za-z])[0-9]")
# Hexadecimal digits change at every second place, other keys nearly so, names of many words at every fifth or less.
_FEWEST_CHANGES = 0.22
# Of 16 digits drawn by lot nearly all have more; "aaaa1111..." has less.
_FEWEST_BITS = 3.0
_REFERENCE, _LEAST_BESIDE_REFERENCES = re.compile(r"\$?\{[^{}]*\}"), 4
_PLACEHOLDER = re.compile(
    r"\$\{[^}]*\}|\$\w+|\$\([^)]*\)|\{\{.*\}\}|\{[\w.\[\]()\"' ]*\}|<[^<>]*>|%\w|%\([^)]*\)s|\[[^\]]*\]|[*x.•-]+|:\w+"
    r"|(?:your|my|the|some)[_ -].*",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_LABEL = 80
# "X-Access-Token", "secret_value", "Enter your password": several words, one of which says what belongs there.
_LABEL = re.compile(
    r"(?:[^\W\d]|[ ,.:?_'-])*?(?<![^\W_])(?:password|passphrase|secret|token|key|auth)(?:[^\W\d]|[ ,.:?_'-])*", re.IGNORECASE
)
_NAMES_ALONE = frozenset(
    {
        *("password", "passwd", "passphrase", "secret", "secretkey", "apikey", "accesskey", "authtoken", "accesstoken", "privatekey"),
        *("changeme", "undefined", "string", "required", "optional", "disabled", "enabled", "include", "omitted", "hidden"),
    }
)
_ADDRESS = re.compile(r"(?:https?://|\{[\w.]+\}/)[\w.:{}/-]*")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def _bits_per_character(text: str) -> float:
    """Shannon's entropy of a text's characters."""
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)


def _form(name: str, hints: str, pattern: str, source: str, is_secret: Callable[[str], bool] = lambda secret: True) -> Rule:
    """A token that is known by its form, and begins where no word and no other token goes on."""
    return Rule(name, tuple(hints.split()), re.compile(rf"(?<![\w-])(?:{pattern})", re.ASCII), source, is_secret)


def _has_digit(token: str) -> bool:
    return any(map(str.isdigit, token))


_FORMS = (
    _form(
        "AWS access key",
        "AKIA ASIA ABIA ACCA",
        r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b",
        "docs.aws.amazon.com: IAM identifiers, unique IDs",
    ),
    _form("Google API key", "AIza", r"AIza[\w-]{35}", "cloud.google.com/docs/authentication/api-keys"),
    _form("Google OAuth", "GOCSPX- ya29.", r"GOCSPX-[\w-]{28}|ya29\.[\w-]{30,}+", "developers.google.com/identity/protocols/oauth2"),
    _form(
        "Azure storage or bus key", "==", r"[A-Za-z0-9+/]{86}==", "learn.microsoft.com: storage account access keys, 512 bits", is_random
    ),
    _form("Azure client secret", "Q~", r"[\w.~-]{3}[0-9]Q~[\w.~-]{31,34}", "learn.microsoft.com: Microsoft Entra application credentials"),
    _form("Alibaba access key", "LTAI", r"LTAI[A-Za-z0-9]{12,20}\b", "alibabacloud.com/help/en/ram: AccessKey pair"),
    _form("DigitalOcean", "_v1_", r"do[opr]_v1_[a-f0-9]{64}", "docs.digitalocean.com/reference/api: token prefixes"),
    _form("GitHub", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_\w{30,}+", "docs.github.com: about authentication, token formats"),
    _form("GitHub, fine-grained", "github_pat_", r"github_pat_\w{30,}+", "docs.github.com: about authentication, token formats"),
    _form(
        "GitLab",
        "gl",
        r"(?:glpat|gldt|glptt|glrt|glcbt|glft|glsoat|glimt|glagent|gloas|glffct)-[\w.-]{20,}+",
        "docs.gitlab.com: token prefixes",
    ),
    _form(
        "Bitbucket and Jira",
        "ATATT ATCTT ATBB",
        r"(?:ATATT|ATCTT)3x[\w=-]{30,}+|ATBB[A-Za-z0-9]{28,}+",
        "support.atlassian.com: API tokens",
    ),
    _form("npm", "npm_", r"npm_[A-Za-z0-9]{36}", "github.blog: npm's new access token format"),
    _form("PyPI", "pypi-", r"pypi-[\w-]{40,}+", "pypi.org/help: API tokens"),
    _form("RubyGems", "rubygems_", r"rubygems_[a-f0-9]{48}", "guides.rubygems.org: API keys"),
    _form("crates.io", "cio", r"cio[A-Za-z0-9]{32}\b", "github.com/rust-lang/crates.io: token.rs", is_random),
    _form("NuGet", "oy2", r"oy2[a-z0-9]{43}\b", "learn.microsoft.com/nuget: scoped API keys"),
    _form("Docker Hub", "dckr_", r"dckr_[op]at_[\w-]{27,}+", "docs.docker.com: access tokens"),
    _form("Hugging Face", "hf_ api_org_", r"(?:hf|api_org)_[A-Za-z0-9]{30,}+", "huggingface.co/docs/hub/security-tokens"),
    _form("OpenAI, Anthropic and alike", "sk-", r"sk-[\w-]{20,}+", "platform.openai.com, docs.anthropic.com: API keys", _has_digit),
    _form(
        "other models' providers",
        "gsk_ xai- r8_ pplx- tvly-",
        r"(?:gsk_|xai-|r8_|pplx-|tvly-)[\w-]{30,}+",
        "the providers' consoles",
        _has_digit,
    ),
    _form("LangSmith and Pinecone", "lsv2_ pcsk_", r"(?:lsv2_|pcsk_)\w{30,}+", "docs.smith.langchain.com, docs.pinecone.io"),
    _form(
        "Stripe", "k_live_ k_test_ whsec_", r"[rs]k_(?:live|test)_\w{20,}+|whsec_[A-Za-z0-9+/=]{24,}+", "docs.stripe.com/keys, /webhooks"
    ),
    _form("Square", "sq0 EAAA", r"sq0(?:atp|csp|idp)-[\w-]{22,}+|EAAA[\w+=-]{60}", "developer.squareup.com: access tokens"),
    _form("Shopify", "shp", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}", "shopify.dev: access tokens"),
    _form("Slack", "xox xapp-", r"xox[abeoprs](?:\.xox[bp])?-[\w-]{10,}+|xapp-\d-[\w-]{20,}+", "api.slack.com/concepts/token-types"),
    _form("Telegram", ":AA", r"\d{8,10}:AA[\w-]{33}", "core.telegram.org/bots/api: authorizing your bot"),
    _form(
        "Discord",
        ".",
        r"[MNO][A-Za-z0-9_-]{23,25}\.[\w-]{6}\.[\w-]{27,}+",
        "discord.com/developers/docs/reference: authentication",
        _has_digit,
    ),
    _form("Twilio", "SK", r"SK[a-f0-9]{32}\b", "twilio.com/docs/iam/api-keys"),
    _form("SendGrid", "SG.", r"SG\.[\w-]{22}\.[\w-]{43}", "docs.sendgrid.com: API keys"),
    _form(
        "Mailgun and Mailchimp",
        "key- -us",
        r"key-[a-z0-9]{32}\b|[a-f0-9]{32}-us\d{1,2}\b",
        "documentation.mailgun.com, mailchimp.com/developer",
    ),
    _form(
        "HashiCorp Vault and Terraform",
        "hv .atlasv1.",
        r"hv[sbr]\.[\w-]{24,}+|[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}+",
        "developer.hashicorp.com",
    ),
    _form("Doppler", "dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,}+", "docs.doppler.com: token formats"),
    _form("1Password", "ops_eyJ", r"ops_eyJ[\w+/=-]{100,}+", "developer.1password.com: service accounts"),
    _form("age", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[0-9A-Z]{58}", "age-encryption.org/v1"),
    _form("Databricks", "dapi", r"dapi[a-f0-9]{32}(?:-\d)?", "docs.databricks.com: personal access tokens"),
    _form(
        "Grafana", "glc_ glsa_", r"glc_[A-Za-z0-9+/]{32,}+=*|glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}", "grafana.com/docs: service account tokens"
    ),
    _form("Sentry", "sntry", r"sntry[su]_[\w+/=-]{60,}+", "docs.sentry.io: auth tokens"),
    _form("New Relic", "NRAK- NRJS- NRII-", r"NR(?:AK|JS|II)-[\w-]{19,}+", "docs.newrelic.com: API keys"),
    _form("Dynatrace", "dt0", r"dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}", "docs.dynatrace.com: access token format"),
    _form("Postman", "PMAK-", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}", "learning.postman.com: API keys"),
    _form(
        "Linear, Notion, Figma",
        "lin_api_ ntn_ fig",
        r"lin_api_\w{40}|ntn_[A-Za-z0-9]{40,}+|fig[dou][rh]?_[\w-]{40,}+",
        "the providers' API documentation",
    ),
    _form("Airtable", "pat", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}", "airtable.com/developers/web/guides/personal-access-tokens"),
    _form(
        "PlanetScale, Supabase, Netlify",
        "pscale_ sbp_ sb_secret_ nfp_",
        r"pscale_(?:tkn|pw|oauth)_[\w.=-]{32,}+|sbp_[a-f0-9]{40}|sb_secret_[\w-]{30,}+|nfp_\w{36}",
        "the providers' API documentation",
    ),
    _form(
        "Pulumi, Prefect, Buildkite, CircleCI",
        "pul- pnu_ bkua_ CCIPAT_",
        r"pul-[a-f0-9]{40}|pnu_[A-Za-z0-9]{36}|bkua_[a-f0-9]{40}|CCIPAT_\w{22,}+",
        "the providers' API documentation",
    ),
    _form("JSON Web Token", "eyJ", r"eyJ[\w-]{10,}+\.[\w-]{10,}+\.[\w-]{10,}+", "RFC 7519"),
)

# What a secret is called, and what may come behind that in its name.
_WHOSE_KEY = "api|access|auth|account|private|signing|encryption|master|service|client|storage|shared|subscription"
_WHOSE_TOKEN = "access|auth|api|bearer|bot|refresh|session|private|oauth|deploy|security"
_NAME = (
    rf"(?:passw(?:or)?d|passphrase|passcode|secret|(?:{_WHOSE_KEY})[_-]?key|(?:{_WHOSE_TOKEN})[_-]?token)"
    r"(?:[_-]?(?:key|token|value|base|text|string|prod|production|dev|test|staging|live|\d{1,3}))?"
)
_NAME_HINTS = (
    *("passw", "passphrase", "passcode", "secret"),
    *(
        f"{of}{border}{kind}"
        for kind, whose in (("key", _WHOSE_KEY), ("token", _WHOSE_TOKEN))
        for of in whose.split("|")
        for border in ("", "_", "-")
    ),
)
# These are names of much else: what they are given has to look like a secret, too.
_DOUBTFUL_NAME = r"(?:token|key|auth|credentials?|creds|bearer|cookie|salt|signature|pwd|pass|passw(?:or)?d|secret)"

_ASSIGNED = (
    r"[\"'`\])]{0,2}[ \t]{0,8}(?:(?::[ \t]{0,4}[\w.&\[\]<>?|]{1,40}+|[\w.&]{1,20}+)[ \t]{1,8})?(?:[=!]==?|[=:|?]{0,2}=>?|:|<-)[ \t]{0,8}"
)
# A text that is still being typed has no end yet.
_QUOTED = r"[A-Za-z@$]{0,2}(?P<quote>\"{3}|'{3}|[\"'`])(?P<secret>(?:(?!(?P=quote))[^\n\\]|\\.){6,}+)(?:(?P=quote)|\Z)"
_BARE = r"(?P<secret>[^\s\"'`#;,(){}\[\]<>$]{6,}+)"

# With some of the key behind it, on lines or in texts of their own: the words alone are code about keys.
_KEY_BEGINS = (
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?=(?:\\{1,2}[nr]|[ \t]{0,8}\r?\n|[\"'`]\s{0,40}[+,.&\\]?\s{0,40}[\"'`])(?:\\{1,2}[nr]|[\s\"'`+,.]){0,80}[A-Za-z0-9+/]{2})"
)
_PLACES = (
    Rule(
        "private key",
        ("PRIVATE KEY",),
        re.compile(_KEY_BEGINS + r"(?:.*?-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|.*\Z)", re.DOTALL),
        "RFC 7468, RFC 9580",
    ),
    Rule(
        "PuTTY key",
        ("Private-Lines:",),
        re.compile(r"Private-Lines: (?P<secret>\d+\s+(?:[A-Za-z0-9+/=]{4,}\s+)+)"),
        "PuTTY: PPK file format",
    ),
    Rule(
        "authorization",
        ("authorization",),
        re.compile(
            r"\bauthorization[\"']?\s{0,4}[:=,]\s{0,4}[\"'`]?(?:bearer|basic|token|digest|bot)\s{1,4}(?P<secret>[\w.~+/=-]{8,}+)",
            re.I | re.A,
        ),
        "RFC 9110, section 11.6.2",
    ),
    Rule("bearer", ("bearer",), re.compile(r"\bbearer\s{1,4}(?P<secret>[\w.~+/=-]{16,}+)", re.I | re.A), "RFC 6750", is_random),
    Rule(
        "password in a URL",
        ("://",),
        re.compile(r"://[^\s/:@\"'`]*+:(?P<secret>[^\s/@\"'`]++)(?=@)"),
        "RFC 3986, section 3.2.1",
        is_no_placeholder,
    ),
    Rule("key in a URL", ("://",), re.compile(r"://(?P<secret>[\w-]{16,}+)@"), "RFC 3986, section 3.2.1", is_random),
    Rule(
        "key in a query",
        ("=",),
        re.compile(
            r"[?&](?:[\w-]{0,20}(?:token|key|secret|password|pwd|sig|signature))=(?P<secret>[^\s&\"'`<>#${}()\[\]]{8,}+)", re.I | re.A
        ),
        "RFC 3986, section 3.4",
        is_no_code,
    ),
    Rule(
        "web hook",
        ("hooks.slack.com", "/api/webhooks/", "webhook.office.com"),
        re.compile(
            r"(?:hooks\.slack\.com/(?:services|workflows)/|discord(?:app)?\.com/api/webhooks/|webhook\.office\.com/webhookb2/)(?P<secret>[\w/@-]{20,}+)"
        ),
        "api.slack.com/messaging/webhooks, discord.com/developers/docs/resources/webhook",
    ),
    Rule(
        "connection string",
        ("password=", "pwd=", "accountkey=", "accesskey="),
        re.compile(r"(?<=[;\"'])[ ]?(?:password|pwd|accountkey|sharedaccesskey)=(?P<secret>[^;\"'`\s{}$<]{4,}+)", re.I | re.A),
        "learn.microsoft.com: connection strings",
        is_no_placeholder,
    ),
    Rule(
        "curl",
        ("curl",),
        re.compile(r"\bcurl\b[^\n]{0,200}?[ \t](?:-u|--user)[ =][\"']?[^\s:\"'$]{1,80}:(?P<secret>[^\s\"'@/$]{3,}+)"),
        "curl's manual",
    ),
    Rule("assignment", _NAME_HINTS, re.compile(_NAME + _ASSIGNED + _QUOTED, re.I | re.A), "", is_no_placeholder),
    Rule(
        "key in quotes",
        ('"', "'", "`"),
        re.compile(r"(?P<quote>[\"'`])(?P<secret>[\w+/=.~:-]{16,}+)(?P=quote)", re.A),
        "",
        is_random,
        re.compile(rf"(?:{_NAME}|{_DOUBTFUL_NAME})(?:{_ASSIGNED}|[\"'`]?[,(]\s{{0,8}})[A-Za-z@$]{{0,2}}\Z", re.I | re.A),
    ),
    Rule(
        "line of settings",
        _NAME_HINTS,
        re.compile(
            r"^[+-]?[ \t]*+(?:(?:export|set|env|arg|-)[ \t]++)?[\w.-]*?"
            + _NAME
            + r"(?:[ \t]*+[=:][ \t]*+|[ \t]++)"
            + _BARE
            + r"[ \t\r]*+$",
            re.I | re.A | re.M,
        ),
        "",
        is_no_code,
    ),
    Rule(
        "header",
        _NAME_HINTS,
        re.compile(r"[\"'`][\w-]{0,30}?" + _NAME + r":[ ]{1,4}(?P<secret>[^\s\"'`${<]{8,}+)[\"'`]", re.I | re.A),
        "",
        is_no_code,
    ),
    Rule("option", _NAME_HINTS, re.compile(r"(?<![\w-])--[\w-]{0,30}?" + _NAME + r"(?:=|[ \t]++)" + _BARE, re.I | re.A), "", is_no_code),
    Rule(
        "element",
        _NAME_HINTS,
        re.compile(r"<[\w:.-]{0,40}?" + _NAME + r">\s{0,8}(?P<secret>[^<>\s]{6,}+)\s{0,8}</", re.I | re.A),
        "",
        is_no_placeholder,
    ),
)

RULES: tuple[Rule, ...] = (*_PLACES[:1], *_FORMS, *_PLACES[1:])
