"""The certificate authorities that this machine trusts, as a store that Java reads.

A Java that PyPI carries brings authorities of its own and does not know those that a machine was given, such as that of
a company's proxy. pip reaches its index through such a proxy, and Spark its packages only with this store.
Run as ``python conf/trust_store.py STORE BUNDLE...``; a bundle is a PEM file, those that are missing are passed over.
"""

import re
import ssl
import struct
import sys
from hashlib import sha1
from pathlib import Path

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
PASSWORD = "changeit"  # Java's own default; the store holds nothing secret


def read_certificates(bundles: list[Path]) -> list[bytes]:
    """Every certificate of the PEM files that are there, once each, in DER form."""
    texts = [bundle.read_text(encoding="utf-8", errors="replace") for bundle in bundles if bundle.is_file()]
    blocks = [block for text in texts for block in CERTIFICATE.findall(text)]
    return list(dict.fromkeys(map(ssl.PEM_cert_to_DER_cert, blocks)))


def java_key_store(certificates: list[bytes]) -> bytes:
    """A key store of format JKS 2 with nothing but trusted certificates.

    A header, an entry each (kind 2, alias, date in ms, type, bytes), and a digest salted as Java's source has it.
    """
    entries = [
        struct.pack(">I", 2)
        + _text(f"authority-{number}")
        + struct.pack(">Q", 0)
        + _text("X.509")
        + _bytes(certificate)
        for number, certificate in enumerate(certificates)
    ]
    content = struct.pack(">III", 0xFEEDFEED, 2, len(entries)) + b"".join(entries)
    return content + sha1(PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite" + content).digest()


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode("ascii")


def _bytes(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def main(argv: list[str]) -> int:
    """Write the store, unless no bundle has a certificate: then Java's own authorities stay in force."""
    store, bundles = Path(argv[0]), [Path(name) for name in argv[1:] if name]
    certificates = read_certificates(bundles)
    if certificates:
        unfinished = store.with_name(f"{store.name}.new")
        unfinished.write_bytes(java_key_store(certificates))
        unfinished.replace(store)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
