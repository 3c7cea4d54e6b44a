"""Phone numbers, email addresses and personal numbers in a text."""

import re
from collections.abc import Iterator

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from finrec_spark.campaigns.messages.bank import Bank

_DIGIT = re.compile(r"\d{2}|\d .*\d")
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_QUANTITIES = re.compile(
    r"(?:[¥$£€]|\b(?:cny|rmb|usd|hkd|sgd|eur|gbp|hk\$|s\$))\s?\d[\d,.]*\d?"
    r"|(?<![\d.])\d[\d,]*(?:\.\d+)? ?(?:[元万亿千百点分倍笔期年月日天岁克名家位%个港新美欧]|yuan|cny|rmb|usd|hkd|sgd"
    r"|eur|million|thousand|percent|months?|years?|days?|grams?|points?|instalments?|customers?|branches)"
    r"|(?<!\d)(?:19|20)\d\d ?[-/.年] ?\d{1,2}(?: ?[-/.月] ?\d{1,2}日?)?(?!\d)"
    rf"|(?<!\d)\d{{1,2}}[ -]{_MONTH},?[ -](?:19|20)\d\d|\b{_MONTH} \d{{1,2}}, (?:19|20)\d\d"
    r"|(?<![\d,.])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])"
)
_NUMBER = re.compile(r"(?:\+|\b00)?\(?\d(?:[\d\s().\-–]|转)*\d")
_CALLED = re.compile(
    r"(?:call|dial|phone|ring|text|txt|tel|hotline|helpline|contact|whatsapp|sms|拨打|致电|电话|热线|来电|联系|客服|发送到|发送至|回电|请拨|微信|qq|"
    r"群)[\s::.,a-z号到至]{0,12}$"
)
_EMAIL = re.compile(r"[\w.+-]+ ?@ ?[\w-]+(?:\.[\w-]+)+", re.ASCII)
_BORN = r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_CHINESE_ID = re.compile(rf"(?<!\d)[1-9]\d{{5}}{_BORN}\d{{3}}[\dx](?![\da-z])")
_OTHER_ID = re.compile(r"\b[stfgm]\d{7}[a-z]\b|\b[a-z]{1,2}\d{6}\([\da]\)")
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_MASKED = re.compile(
    r"(?:尾号|末四位|后四位|\bending(?: in| with)?|\blast (?:4|four) digits(?: of)?)[为是::\s*(]{0,4}\d{3,4}(?!\d)"
    r"|[*x•]{3,}[ -]?\d{3,4}(?!\d)|\d{3,6}[*x]{3,}\d{2,4}"
)


def contact_faults(text: str, bank: Bank) -> Iterator[tuple[str, int, int]]:
    """Rule, start and end of foreign numbers and addresses, and of personal numbers, in folded text."""
    if "@" in text:
        yield from _email_faults(text, bank)
    if _DIGIT.search(text):
        yield from _number_faults(bank.own_phones.sub(_blank, text), bank)


def _number_faults(text: str, bank: Bank) -> Iterator[tuple[str, int, int]]:
    personal = [found.span() for pattern in (_CHINESE_ID, _OTHER_ID, _MASKED) for found in pattern.finditer(text)]
    personal += [found.span() for found in _CARD.finditer(text) if _is_card(found[0])]
    for start, end in personal:
        yield "M501", start, end
        text = text[:start] + " " * (end - start) + text[end:]
    text = _QUANTITIES.sub(_blank, text)
    for found in _NUMBER.finditer(text):
        if _is_phone(found[0], text[: found.start()], bank.region):
            yield "M401", found.start(), found.end()


def _email_faults(text: str, bank: Bank) -> Iterator[tuple[str, int, int]]:
    for found in _EMAIL.finditer(text):
        try:
            domain = validate_email(found[0].replace(" ", ""), check_deliverability=False, test_environment=True).domain
        except EmailNotValidError:
            domain = ""
        if not bank.owns(domain):
            yield "M402", found.start(), found.end()


def _is_phone(number: str, before: str, region: str) -> bool:
    digits = re.sub(r"\D", "", number)
    if _CALLED.search(before[-24:]) and len(digits) >= 3:
        return True
    if len(digits) < 7:
        return re.fullmatch(r"9[56]\d{3,4}", number.strip()) is not None  # China's short numbers of companies
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_possible_number(parsed)) or len(digits) >= 10


def _is_card(number: str) -> bool:
    """Luhn's check, for 13 to 19 digits."""
    digits = [int(digit) for digit in reversed(re.sub(r"\D", "", number))]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
