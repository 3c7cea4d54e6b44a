"""pip's settings in uv's words, one ``NAME=value`` a line.

uv reads none of pip's settings, but a company that has told pip of its mirror, its proxy and its authorities has said
all that uv needs too. What is set for uv itself wins.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping

ENVIRONMENT = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "no-index": ("UV_NO_INDEX",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "proxy": ("ALL_PROXY", "HTTPS_PROXY", "https_proxy", "all_proxy"),
}
"""By pip's option: the variable that says the same to uv, and others that would say it too."""

SECTIONS = ("global.", "install.", ":env:.")
"""Of pip's configuration, in the order in which later ones win."""


def pip_settings(listed: str) -> dict[str, str]:
    """Options by name, of what ``pip config list`` prints, several values separated by blanks.

    >>> pip_settings("global.index-url='https://a/simple'\\n:env:.index-url='https://b/simple'")
    {'index-url': 'https://b/simple'}
    """
    settings = {}
    lines = [line.partition("=") for line in listed.splitlines() if "=" in line]
    for section in SECTIONS:
        for name, _, value in lines:
            if name.startswith(section):
                settings[name.removeprefix(section)] = " ".join(ast.literal_eval(value).split())
    return settings


def uv_environment(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that uv still needs.

    >>> uv_environment({"index-url": "https://a/simple", "cert": "/a.pem"}, {"SSL_CERT_FILE": "/b.pem"})
    {'UV_DEFAULT_INDEX': 'https://a/simple'}
    """
    authorities = environment.get("REQUESTS_CA_BUNDLE") or environment.get("CURL_CA_BUNDLE")  # pip heeds them as well
    known = {**({"cert": authorities} if authorities else {}), **settings}
    needed = {
        names[0]: known[option]
        for option, names in ENVIRONMENT.items()
        if option in known and not any(environment.get(name) for name in names)
    }
    if "UV_FIND_LINKS" in needed:
        needed["UV_FIND_LINKS"] = needed["UV_FIND_LINKS"].replace(" ", ",")
    if "UV_INDEX" in needed:
        needed["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip's way of several indexes; the hashes keep it safe
    return needed


def main() -> int:
    """Print what pip, called as this Python's, is set to."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for name, value in uv_environment(pip_settings(listed), os.environ).items():
        print(f"{name}={value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
