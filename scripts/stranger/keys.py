"""Ed25519 keys, and the rule which signatures are valid (docs/PROTOCOL.md "Signatures").

The group's arithmetic is here because the rule asks for more than libraries check: the order of the
key, and R. It is slow and leaks by timing: for tests, not for secrets worth keeping.
"""

import hashlib
import os

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


class Identity:
    """A key pair, from its seed of 32 bytes."""

    def __init__(self, seed=None):
        self.seed = os.urandom(32) if seed is None else seed
        self._key = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.id = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message):
        return self._key.sign(message)


def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    m, n = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * D * t1 * t2 % P, 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def encode(point):
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    """The point with exactly this encoding, or None."""
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    if len(data) != 32 or y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * ROOT % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decode(bytes([0x58]) + bytes([0x66]) * 31)


def is_neutral(point):
    return encode(point) == encode(NEUTRAL)


def torsion():
    """The eight points of small order."""
    number = 0
    while True:
        point = decode(hashlib.sha256(bytes([number])).digest())
        if point is not None:
            point = multiply(ORDER, point)
            if not is_neutral(multiply(4, point)):
                return [multiply(k, point) for k in range(8)]
        number += 1


def torsion_encodings():
    """All 14 strings that some decoder takes for a point of small order: also y + p, also -0."""
    found = set()
    for point in torsion():
        canonical = int.from_bytes(encode(point), "little")
        sign, y = canonical >> 255 << 255, canonical & (1 << 255) - 1
        ys = [y] + ([y + P] if y + P < 1 << 255 else [])
        x_is_zero = point[0] % P == 0
        for value in ys:
            for bit in ([0, 1 << 255] if x_is_zero else [sign]):
                found.add((value | bit).to_bytes(32, "little"))
    return found


TORSION_ENCODINGS = torsion_encodings()


def is_valid_key(key):
    point = decode(key)
    return point is not None and not is_neutral(point) and is_neutral(multiply(ORDER, point))


def verify(key, message, signature):
    """Whether the signature holds by the federation's rule."""
    if len(signature) != 64 or not is_valid_key(key):
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= ORDER or r in TORSION_ENCODINGS:
        return False
    h = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % ORDER
    x, y, z, t = decode(key)
    return encode(add(multiply(s, BASE), multiply(h, (-x % P, y, z, -t % P)))) == r
