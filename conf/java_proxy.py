"""The shell's proxy variables in Java's words: Java reads none of them, and Spark fetches its packages by Java.

Prints the options of Java, a blank between them; nothing where no proxy is named.
"""

import ipaddress
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import getproxies


def java_options(proxies: dict[str, str]) -> list[str]:
    """Options for the proxies by kind of address, as ``getproxies`` finds them in the environment.

    >>> java_options({"https": "http://proxy.bank:3128", "no": "localhost,.bank"})
    ['-Dhttps.proxyHost=proxy.bank', '-Dhttps.proxyPort=3128', '-Dhttp.nonProxyHosts=localhost|*.localhost|*.bank|bank']
    """
    options = []
    for kind in ("http", "https"):
        proxy = urlsplit(_with_scheme(proxies.get(kind) or proxies.get("all") or ""))
        if proxy.hostname is None:
            continue
        if proxy.scheme.startswith("socks"):
            options += [f"-DsocksProxyHost={proxy.hostname}", f"-DsocksProxyPort={proxy.port or 1080}"]
        else:
            port = proxy.port or (443 if proxy.scheme == "https" else 80)
            options += [f"-D{kind}.proxyHost={proxy.hostname}", f"-D{kind}.proxyPort={port}"]
    if options and "no" in proxies:
        hosts = [pattern for name in proxies["no"].split(",") for pattern in _patterns(name.strip())]
        options.append(f"-Dhttp.nonProxyHosts={'|'.join(hosts)}")  # of https too
    return list(dict.fromkeys(options))


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def _patterns(name: str) -> Iterator[str]:
    """Java's patterns for a name of NO_PROXY, which stands for the hosts below it too; for ranges of addresses none."""
    host = name if name.count(":") > 1 else name.partition(":")[0]
    host = host.removeprefix("*.")
    if host in ("", "*"):
        yield from host
    elif host.startswith("."):
        yield from (f"*{host}", host[1:])
    elif _is_address(host):
        yield host
    elif "/" not in host:
        yield from (host, f"*.{host}")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    try:
        print(*java_options(getproxies()))
    except ValueError as error:  # a port that is no number
        sys.exit(f"finrec_spark: a proxy variable cannot be read ({error}); write it as http://HOST:PORT")
