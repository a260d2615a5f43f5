"""Sketches as docs/PROTOCOL-sketch.md defines them, and vectors of them."""

import math

from .tree import sha256

MASK = 2**64 - 1


def rotate(word, by):
    return (word << by | word >> 64 - by) & MASK


def siphash(k0, k1, words):
    """SipHash-2-4 of whole words."""
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
         k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def rounds(count):
        for _ in range(count):
            v[0] = (v[0] + v[1]) & MASK
            v[1] = rotate(v[1], 13) ^ v[0]
            v[0] = rotate(v[0], 32)
            v[2] = (v[2] + v[3]) & MASK
            v[3] = rotate(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & MASK
            v[3] = rotate(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & MASK
            v[1] = rotate(v[1], 17) ^ v[2]
            v[2] = rotate(v[2], 32)

    for word in [*words, 8 * len(words) << 56 & MASK]:
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xff
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def mix(word):
    for _ in range(2):
        word ^= word >> 32
        word = word * 0xd6e8feb86659fd93 & MASK
    return word ^ word >> 32


def product(a, b):
    total = 0
    for bit in range(48):
        if b >> bit & 1:
            total ^= a << bit
    for bit in range(95, 47, -1):
        if total >> bit & 1:
            total ^= (1 << 48 | 0x2d) << bit - 48
    return total


class Hash:
    def __init__(self, epoch):
        digest = sha256(b"teambook-sketch-v1\0", epoch.to_bytes(8, "big"))
        self.k0 = int.from_bytes(digest[:8], "big")
        self.k1 = int.from_bytes(digest[8:16], "big")

    def value(self, physical, counter, id):
        words = [physical, counter] + [int.from_bytes(id[i:i + 8], "big") for i in range(0, 32, 8)]
        low = siphash(self.k0, self.k1, words) >> 40
        return max(1, int.from_bytes(id[:3], "big") << 24 | low)

    def check(self, value):
        return mix((value * 0x9e3779b97f4a7c15 + self.k0) & MASK) >> 40

    def place(self, value):
        """Parity, bucket, sign."""
        m = mix(value * 0xc2b2ae3d27d4eb4f & MASK ^ self.k1)
        return m & 0xffff, m >> 16 & 15, 1 if m >> 20 & 1 else -1

    def cells(self, value, count):
        s, i, places = mix(value ^ self.k1) | 1, 0, []
        for _ in range(count):
            places.append(i)
            s = s * 0xda942042e4dd58b5 & MASK
            step = (i + 1.5) * (4294967296 / math.sqrt(float(s) + 1) - 1)
            i = i + max(1, math.ceil(step)) if step < 1e9 else 1 << 40
        return places


def text():
    lines = ["# epoch, item; value, check, parity, bucket, sign, first cells, v v^3 v^5"]
    for epoch in (0, 20783):
        for number in (0, 1, 2, 99):
            hash = Hash(epoch)
            id = sha256(f"item-1-{number}".encode())
            value = hash.value(1_700_000_000_000_000 + 1000 * number, 0, id)
            parity, bucket, sign = hash.place(value)
            square = product(value, value)
            third = product(value, square)
            powers = [value, third, product(third, square)]
            lines.append(f"{epoch} {number} {value:x} {hash.check(value):x} {parity} {bucket} {sign} "
                         + ",".join(map(str, hash.cells(value, 6))) + " "
                         + ",".join(f"{power:x}" for power in powers))
    return "\n".join(lines) + "\n"
