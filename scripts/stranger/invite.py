"""Invite codes and safety numbers (docs/PROTOCOL-invite.md)."""

import hashlib

from . import cbor

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def check(content):
    return hashlib.sha256(b"teambook-invite-v1\0" + content).digest()[:4]


def base32(data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(ALPHABET[int(bits[at:at + 5], 2)] for at in range(0, len(bits), 5))


def code(endpoints, node, invite, secret, expires):
    content = cbor.encode([endpoints, node, invite, secret, expires])
    return "FED1:" + base32(content + check(content))


def read(text):
    """Endpoints, node, id of the invite, secret, expiry."""
    text = "".join(c for c in text.upper() if c not in " \t\r\n-")
    if not text.startswith("FED1:"):
        raise ValueError("no invite of version 1")
    text = text[5:].replace("O", "0").replace("I", "1").replace("L", "1")
    bits = "".join(f"{ALPHABET.index(c):05b}" for c in text)
    whole = len(bits) // 8 * 8
    if "1" in bits[whole:]:
        raise ValueError("left-over bits that are not zero")
    data = int(bits[:whole], 2).to_bytes(whole // 8, "big")
    if check(data[:-4]) != data[-4:]:
        raise ValueError("a typing mistake")
    return cbor.decode(data[:-4])


def safety_number(a, b):
    number = hashlib.sha256(b"teambook-safety-v1\0" + min(a, b) + max(a, b)).digest()
    groups = [int.from_bytes(number[5 * n:5 * n + 5], "big") % 10_000 for n in range(6)]
    return " ".join(f"{group:04}" for group in groups)
