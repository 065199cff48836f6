"""Takes secrets, and where it is asked for personal data, out of text before that goes into a prompt, a log or a store."""

from __future__ import annotations

import re
from collections.abc import Iterable

from recoder_lsp.secret_rules import REDACTED, RULES, Rule

__all__ = ["REDACTED", "Redaction", "mask_personal", "redact"]


def redact(text: str) -> str:
    """Replace private keys, tokens, and passwords in URLs, settings and assignments by `[redacted]`.

    Takes time in proportion to the text, whatever is in it.
    """
    return _without(text, _ALL)


def mask_personal(text: str) -> str:
    """Replace mail addresses, phone numbers, IBANs and numbers of cards, and what `redact` replaces: for what leaves this machine."""
    text = redact(text)
    text = _MAIL.sub("[mail address]", text)
    text = _IBAN.sub(_without_iban, text)
    text = _CARD.sub(lambda found: "[card number]" if _has_check_digit(found[0]) else found[0], text)
    return _PHONE.sub("[phone number]", text)


class Redaction:
    """Takes secrets out of the pieces of one text: what cannot be in it is not looked for in them."""

    def __init__(self, text: str) -> None:
        self._hinted = _possible(text, _ALL)

    def of(self, piece: str) -> str:
        """What `redact` makes of a piece."""
        return _without(piece, self._hinted) if self._hinted else piece


_Hinted = tuple[tuple[str, bool, tuple[Rule, ...]], ...]
"""A hint, whether it is one in any case, and the rules that may match where it is in a text."""


def _by_hint(rules: Iterable[Rule]) -> _Hinted:
    hinted: dict[tuple[str, bool], list[Rule]] = {}
    for rule in rules:
        for hint in rule.hints:
            hinted.setdefault((hint, rule.ignores_case), []).append(rule)
    return tuple((hint, in_any_case, tuple(found)) for (hint, in_any_case), found in hinted.items())


_ALL = _by_hint(RULES)


def _without(text: str, hinted: _Hinted) -> str:
    # Which rules are possible is asked once: no replacement brings what another one looks for.
    possible = {rule for _, _, rules in _possible(text, hinted) for rule in rules}
    if possible:
        for rule in RULES:
            if rule in possible:
                text = rule.take_out(text)
    return text


def _possible(text: str, hinted: _Hinted) -> _Hinted:
    """The hints that are in the text: looking for them takes a hundredth of the time of a search."""
    lower = text.lower()
    return tuple([entry for entry in hinted if entry[0] in (lower if entry[1] else text)])


# Not those that RFC 2606 reserves for examples, nor the user that Git hosts let in by key: they are nobody's.
_MAIL = re.compile(r"(?<![\w.+%-])(?!git@)[\w.+%-]++@(?!(?:[\w-]{1,63}+\.){0,4}example\.)(?:[\w-]{1,63}+\.){1,8}[^\W\d_]{2,24}(?![\w-])")
# International ones (E.164), those of North America, and others where brackets or a slash set the area code apart.
_PHONE = re.compile(
    r"(?<![\w.+-])(?:\+[1-9](?:[ ()./-]{0,2}\d){7,14}|00[1-9]\d{0,2}[ /-](?:[ ()./-]{0,2}\d){6,12}"
    r"|(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])[2-9]\d{2}[.-]\d{4}|(?:\(0\d{1,5}\) ?|0\d{2,5}/ ?)\d(?:[ -]?\d){4,10})(?![\w-])",
    re.ASCII,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.ASCII)
_CARD = re.compile(r"(?<![\w.-])(?:[2-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{1,7}|3[47]\d{2}([ -]?)\d{6}\2\d{5})(?![\w-])", re.ASCII)


def _without_iban(found: re.Match[str]) -> str:
    """Mask as many of the groups as are one, by its check digits (ISO 7064, modulo 97): words in capitals may follow."""
    groups = found[0].split(" ")
    for n_groups in range(len(groups), 0, -1):
        whole = "".join(groups[:n_groups])
        digits = "".join(str(int(character, 36)) for character in whole[4:] + whole[:4])
        if len(whole) >= 15 and int(digits) % 97 == 1:
            return " ".join(["[IBAN]", *groups[n_groups:]])
    return found[0]


def _has_check_digit(number: str) -> bool:
    """Whether the last digit is that of a card's number (ISO/IEC 7812-1, Luhn)."""
    digits = [int(character) for character in reversed(number) if character.isdigit()]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0
