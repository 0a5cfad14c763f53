"""Credentials, wherever they stand in a text: keys, tokens, passwords, cookies, logins. A person's mail address goes with them."""

from __future__ import annotations

import re

SECRET = "<removed>"
_MAIL_ADDRESS = "<address>"
_NEW = f"(?!{SECRET})"  # done already

_QUOTED = r""""[^"\r\n]*"|'[^'\r\n]*'"""
_LOOKS = (
    re.compile(r"(?<![A-Za-z0-9])(?:hf|sk|pk|rk|gh[opsur]|github_pat|glpat|npm|pypi|xox[abeoprs])[-_][A-Za-z0-9_\-]{6,}"),
    re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}"),
    re.compile(r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_\-]{20,}"),
    re.compile(r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_\-]{5,2000}\.[A-Za-z0-9_\-]+\.?[A-Za-z0-9_\-]*"),  # a JSON web token
)

# --- keys as text (RFC 7468), whole, or cut off where a log begins or ends ---
_BEGIN, _END = r"-----BEGIN [A-Z0-9 ]{1,40}-----", r"-----END [A-Z0-9 ]{1,40}-----"
_LINE_OF_KEY = r"[A-Za-z0-9+/=]{24,}+"
_BREAK = r"(?:\\[rn]|\s)++"
_KEY = re.compile(rf"{_BEGIN}[^-]*+(?:-(?!----)[^-]*+)*+{_END}")
_KEY_BEGUN = re.compile(rf"{_BEGIN}(?:{_BREAK}(?:{_LINE_OF_KEY}|[A-Za-z0-9+/]{{1,64}}={{1,2}}|[A-Za-z-]{{1,40}}: [^\r\n]*))*")
# Takes every run of such lines in, so that none is looked at twice
_KEY_ENDED = re.compile(rf"(?<![A-Za-z0-9+/=])(?:{_LINE_OF_KEY}{_BREAK})++(?:[A-Za-z0-9+/=]{{1,64}}+{_BREAK})?({_END})?")

# --- headers and cookies ---
_AUTHORIZATION = re.compile(
    rf"""((?:proxy-)?authorization["']?[ \t]*+[:=][ \t]*+){_NEW}(?:{_QUOTED}|(?:[A-Za-z][\w-]*[ \t]+)?[^\s"',;<]+(?:,[ \t]*[\w-]+=(?:{_QUOTED}|[^\s,]+))*)""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(\b(?:bearer|basic|digest)\s+)(?!<)[A-Za-z0-9+/=._~\-]{6,}", re.IGNORECASE)
_COOKIE_HEADER = re.compile(
    rf"""((?:set-)?cookies?["']?[ \t]*+:[ \t]*+){_NEW}(?:(?:{_QUOTED}|\{{[^}}\r\n]*\}})(?=[ \t]*(?:[,}}\])\r\n]|$))|[^\r\n]+)""", re.IGNORECASE
)
_COOKIE_ARGUMENT = re.compile(rf"(cookies?(?:-jar)?(?:=|(?<=--cookie)[ \t]++)){_NEW}(?:{_QUOTED}|\{{[^}}\r\n]*\}}|[^\s&\"'{{]+)", re.IGNORECASE)
_COOKIE_OBJECT = re.compile(r"<Cookie [^<>\r\n]*>")

# --- logins in front of a host ---
_LOGIN_IN_LINK = re.compile(r"(?<=://)[^\s/@\"'<>]+(?:@[^\s/@\"'<>]*)*@")
_LOGIN = re.compile(r"(?<![\w/@.%+-])[\w.%+-]{2,}+:[^\s/\\@\"'<>:]+@(?=[\w\[])")

# --- named values: HF_TOKEN=…, password: …, {'api_key': '…'}, ?X-Amz-Signature=… ---
_NAMED = re.compile(
    r"((?:token|passwd|password|passphrase|passcode|passwor[td]|kennwort|pwd|secret|signature|credential|session[-_]?id|sessid|"
    r"api[-_]?key|access[-_]?key|private[-_]?key|[-_]key)s?[\"']?"
    rf"\s*+(?:=|:(?!//))\s*+){_NEW}(?:{_QUOTED}|[^\s\"'&,;<>)\]}}]+)",
    re.IGNORECASE,
)
_KEY_IS = re.compile(r"""((?<![A-Za-z])(?:key|sig)=)(?!<)[^\s"'&,;<>)\]}]{8,}""", re.IGNORECASE)

# --- values in words: "the password is …" ---
_IS = r"(?:\s{1,4}[\w-]{1,40}){0,3}?\s{1,4}(?:is|was|will be|ist|war|lautet)(?:\s{0,4}:)?+\s{1,4}+"
_SAID = (  # what is said about passwords, and is none
    r"(?!(?:not|wrong|incorrect|invalid|missing|required|needed|necessary|empty|expired|unset|unknown|refused|rejected|ignored|asked|"
    r"too|stored|saved|nicht|falsch|nötig|leer|abgelaufen)\b)"
)
_REST = r"[^\s\"'<][^\r\n]*?(?=[.,;:!?)\]}]*(?:[\r\n]|$)|[.,;:]\s)"  # of the sentence: a passphrase has several words
_PASSWORD_IS = re.compile(rf"(\b(?:passwords?|passphrase|passcode|passwort|kennwort){_IS}){_NEW}(?:{_QUOTED}|{_SAID}{_REST})", re.IGNORECASE)
_TOKEN_IS = re.compile(
    rf"(\b(?:token|secret|pin|(?:api|access|private|secret)[ _-]key){_IS}){_NEW}(?:{_QUOTED}|(?=[^\s\"']*\d)[^\s\"'<>]*[\w-]{{6,}}[^\s\"'<>,;.]*)",
    re.IGNORECASE,
)

_MAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]+(?:\.[\w-]+)+")


def without_credentials(text: str) -> str:
    text = _KEY.sub(SECRET, text)
    text = _KEY_BEGUN.sub(SECRET, text)
    text = _KEY_ENDED.sub(lambda run: SECRET if run[1] else run[0], text)
    text = _COOKIE_OBJECT.sub("<Cookie removed>", text)
    for pattern in (_AUTHORIZATION, _COOKIE_HEADER, _COOKIE_ARGUMENT):
        text = pattern.sub(rf"\1{SECRET}", text)
    text = _LOGIN_IN_LINK.sub(f"{SECRET}@", text)
    text = _LOGIN.sub(f"{SECRET}@", text)
    for pattern in (_BEARER, _NAMED, _KEY_IS, _PASSWORD_IS, _TOKEN_IS):
        text = pattern.sub(rf"\1{SECRET}", text)
    for pattern in _LOOKS:
        text = pattern.sub(SECRET, text)
    return _MAIL.sub(_MAIL_ADDRESS, text)
