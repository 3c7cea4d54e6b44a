"""The lint's rules: code, level, what is wrong, what to do. A code is stable: reports and suppliers refer to it."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]
"""An error blocks the message; a warning is only reported."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        code: M and three digits; the hundreds are the kind.
        name: short name in lower case.
        wrong: what is wrong with a message that breaks it.
        remedy: what its writer should do.
    """

    code: str
    name: str
    wrong: str
    remedy: str
    level: Level = "error"


_LIST = (
    # 1: what the customer is asked for
    Rule("M101", "secret_request", "asks for a password, PIN, one-time code, card or identity number",
         "ask for nothing secret; say instead that the bank never asks for it"),
    Rule("M102", "account_check", "asks to verify, update, activate or unlock an account, card or identity",
         "let customers do so in the app that they open themselves; a campaign never asks for it"),
    Rule("M103", "payment_request", "asks to transfer money or to pay a fee, deposit or tax",
         "leave payments out; describe the product and where it is opened"),
    Rule("M104", "remote_access", "asks to share a screen, forward calls or allow remote control",
         "leave it out; the bank never does this"),
    Rule("M105", "other_contact", "moves the talk to a messenger, a group or a person outside the bank",
         "name only the bank's published numbers, branches and app"),
    Rule("M106", "reply_request", "asks to reply, text or call back in order to get or stop something",
         "let customers act in the app or a branch; only the opt-out may ask for a reply"),
    Rule("M107", "click_request", "asks to click, tap or open a link",
         "say where in the bank's app it is found"),
    Rule("M108", "other_request", "asks for something that a campaign has no reason to ask for",
         "ask customers only to read, to compare, to look into the app or to talk to a branch or the hotline"),
    # 2: how the customer is pushed
    Rule("M201", "urgency", "puts the customer under time pressure",
         "give the offer's last day as a date, without pressure"),
    Rule("M202", "threat", "threatens with a block, closure, loss, debt or the law",
         "leave the threat out; a campaign has none"),
    Rule("M203", "alarm", "alarms about a login, payment or change that the customer may not know",
         "send alerts outside campaigns, by the bank's alert system"),
    Rule("M204", "prize", "promises a prize, gift, refund, subsidy or points to be collected",
         "describe the product's terms; no prizes, no collecting"),
    Rule("M205", "guaranteed_return", "promises a guaranteed, risk-free or unusually high return",
         "state the risk, and that returns are not guaranteed"),
    Rule("M206", "easy_credit", "promises credit without checks, at once or already granted",
         "state rate, term and that an application is checked"),
    Rule("M207", "authority", "speaks in the name of police, courts, tax offices, regulators or couriers",
         "speak as the bank alone"),
    Rule("M208", "secrecy", "asks to keep it secret or to stay on the line",
         "leave it out; invite the customer to ask the bank"),
    Rule("M209", "shouting", "shouts: words in capitals, repeated exclamation or money marks",
         "write plain sentences"),
    # 3: links
    Rule("M301", "link_not_allowed", "has a link where the profile allows none",
         "leave the link out; say where in the bank's app it is found"),
    Rule("M302", "foreign_domain", "links to a domain that is not the bank's own",
         "link to the bank's registered domain, if the profile allows a link"),
    Rule("M303", "shortener", "uses a link shortener", "write the bank's own readable address"),
    Rule("M304", "ip_address", "links to an IP address", "write the bank's own domain"),
    Rule("M305", "user_in_link", "hides the host behind user@ in a link", "write the plain address"),
    Rule("M306", "lookalike_domain", "has punycode, foreign letters or an imitation of the bank's name in a domain",
         "write the bank's own domain in plain letters"),
    Rule("M307", "not_https", "links without HTTPS", "write https:// before the bank's domain"),
    Rule("M308", "many_links", "has more than one link", "keep one link"),
    Rule("M309", "anchor_differs", "shows another address than the one it links to",
         "let the shown address be the link's"),
    Rule("M310", "login_link", "links to where one logs in, pays or is asked for data",
         "link to a page that only informs"),
    Rule("M311", "data_in_link", "carries personal data or an identifier in a link",
         "link without a query"),
    Rule("M312", "disguised_link", "writes an address so that filters miss it",
         "write addresses plainly, or none"),
    # 4: who speaks
    Rule("M401", "foreign_phone", "has a phone number that the bank has not published",
         "use a number from the bank's configuration"),
    Rule("M402", "foreign_email", "has an email address outside the bank's domains",
         "use an address on the bank's domain"),
    Rule("M403", "sender_missing", "does not name the bank as its sender",
         "name the bank as its configuration does, in SMS at the start"),
    Rule("M404", "other_sender", "speaks as, or of, another institution",
         "name the bank alone"),
    Rule("M405", "opt_out_missing", "does not say how to opt out",
         "add a line such as: Reply STOP to opt out / 回复TD退订"),
    Rule("M406", "no_independent_check", "does not say how to check it independently",
         "name the published hotline, the branch or the app", level="warning"),
    Rule("M407", "unsubscribe_header", "email without RFC 8058's one-click unsubscribe headers",
         "add List-Unsubscribe (https) and List-Unsubscribe-Post to the template's headers"),
    Rule("M408", "sender_id", "is sent under a sender ID that is not registered",
         "send under one of the bank's sender_ids"),
    # 5: personal data
    Rule("M501", "personal_data", "shows an identity, card, account or phone number",
         "leave it out; a campaign needs no number of the customer's"),
    Rule("M502", "field_not_allowed", "uses a field that its allow-list does not name",
         "use an allowed field, or leave it out"),
    # 6: what it brings along
    Rule("M601", "attachment", "brings or announces a file, form or script", "write the text itself, no files"),
    Rule("M602", "app_download", "asks to download or install something",
         "name the app; who wants it finds it in the official store"),
    Rule("M603", "qr_code", "asks to scan a QR code", "say where in the bank's app it is found"),
    # 7: how it is written
    Rule("M701", "invisible", "contains invisible or direction-changing characters, or hidden text",
         "type the text anew without them"),
    Rule("M702", "mixed_script", "mixes letters of several scripts within a word",
         "type the word in one script"),
    Rule("M703", "styled_letters", "writes letters or digits in full-width, circled or other styled forms",
         "type plain letters and digits"),
    Rule("M704", "split_word", "splits a word by spaces, dots or signs", "write the word in one piece"),
    Rule("M705", "leetspeak", "replaces letters of a word by digits or signs", "spell the word"),
    Rule("M706", "placeholder", "has a placeholder that was not filled", "fill it, or leave it out"),
    Rule("M707", "empty", "has no text", "write one"),
)  # fmt: skip

RULES = {rule.code: rule for rule in _LIST}
"""Every rule by code."""

FORM = frozenset({"M403", "M405", "M406", "M407", "M408", "M707"})
"""Rules of a bank message's form: what is missing, where all others say what is there."""
