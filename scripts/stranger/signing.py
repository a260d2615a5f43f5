"""Signatures of requests: RFC 9421 in the one form of docs/PROTOCOL-http.md."""

import base64
import hashlib
import os
import time

COMPONENTS = ["@method", "@path", "@query", "content-digest", "content-type", "teambook-to"]


def digest(body):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def nonce(random=None):
    raw = os.urandom(16) if random is None else random
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def parameters(keyid, *, created=None, expires=None, nonce_text=None, alg="ed25519",
               tag="teambook-peer-v1"):
    """The parameters as a list of (name, text), in the order of the document."""
    created = int(time.time()) if created is None else created
    expires = created + 60 if expires is None else expires
    return [("created", str(created)), ("expires", str(expires)),
            ("nonce", f'"{nonce_text or nonce()}"'), ("keyid", f'"{keyid.hex()}"'),
            ("alg", f'"{alg}"'), ("tag", f'"{tag}"')]


def base(components, params, values):
    """The signature base (RFC 9421, 2.5) and the value of Signature-Input's member."""
    inner = "(" + " ".join(f'"{name}"' for name in components) + ")"
    member = inner + "".join(f";{name}={text}" for name, text in params)
    lines = [f'"{name}": {values[name]}' for name in components]
    return "\n".join(lines + [f'"@signature-params": {member}']).encode(), member


def sign(identity, method, target, to, body=b"", *, components=None, params=None, challenge=None,
         content_type="application/cbor", label="sig1", key=None, digest_text=None):
    """The fields of a signed request. `key` signs in place of `identity`, whose id is named."""
    path, _, query = target.partition("?")
    names = list(components or COMPONENTS + (["teambook-challenge"] if challenge else []))
    values = {"@method": method, "@path": path, "@query": "?" + query,
              "content-digest": digest_text or digest(body), "content-type": content_type,
              "teambook-to": to.hex(), "teambook-challenge": challenge, "@authority": "localhost"}
    text, member = base(names, params or parameters(identity.id), values)
    signature = base64.b64encode((key or identity).sign(text)).decode()
    fields = [("Content-Type", content_type), ("Content-Digest", values["content-digest"]),
              ("Teambook-To", values["teambook-to"])]
    if challenge:
        fields.append(("Teambook-Challenge", challenge))
    return fields + [("Signature-Input", f"{label}={member}"),
                     ("Signature", f"{label}=:{signature}:")]
