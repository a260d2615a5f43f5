"""The server's certificate and what binds it to a node (docs/PROTOCOL-http.md "TLS")."""

import datetime
import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from . import keys

BINDING = x509.ObjectIdentifier(
    "1.2.840.113556.1.8000.2554.5055.15360.64472.19958.33989.4967199.4583197")
TAG = b"teambook-tls-binding-v1\0"


class Untrusted(Exception):
    """The certificate proves no node, or another one."""


def subject_key(certificate_or_key):
    key = getattr(certificate_or_key, "public_key", lambda: certificate_or_key)()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def tls_key(spki):
    """tlsKeyB of the registration's transcript."""
    return hashlib.sha256(spki).digest()


def binding(identity, spki):
    """The extension's value, 102 bytes: SEQUENCE { OCTET STRING (32), OCTET STRING (64) }."""
    return b"\x30\x64\x04\x20" + identity.id + b"\x04\x40" + identity.sign(TAG + spki)


def read_binding(value, spki):
    """The node that signed this key."""
    if len(value) != 102 or value[:4] != b"\x30\x64\x04\x20" or value[36:38] != b"\x04\x40":
        raise Untrusted("the extension is not the sequence of 102 bytes")
    node, signature = value[4:36], value[38:]
    if not keys.verify(node, TAG + spki, signature):
        raise Untrusted("the extension's signature does not hold")
    return node


def check(chain, wanted=None, now=None):
    """Checks a server's certificates (DER); returns its node and the hash of its TLS key."""
    now = now or datetime.datetime.utcnow()
    if len(chain) != 1:
        raise Untrusted(f"{len(chain)} certificates")
    certificate = x509.load_der_x509_certificate(chain[0])
    day = datetime.timedelta(days=1)
    if not certificate.not_valid_before - day <= now <= certificate.not_valid_after + day:
        raise Untrusted("not within its dates")
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise Untrusted("not a key of P-256")
    try:
        key.verify(certificate.signature, certificate.tbs_certificate_bytes,
                   ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Untrusted("not signed by its own key") from error
    try:
        extension = certificate.extensions.get_extension_for_oid(BINDING)
    except x509.ExtensionNotFound as error:
        raise Untrusted("no extension that names a node") from error
    spki = subject_key(certificate)
    node = read_binding(extension.value.value, spki)
    if wanted is not None and node != wanted:
        raise Untrusted(f"it proves {node.hex()}, not {wanted.hex()}")
    return node, tls_key(spki)


def make(identity, key=None, days=365, now=None):
    """A certificate for a node and its TLS key."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    now = now or datetime.datetime.utcnow()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, identity.id.hex())])
    value = binding(identity, subject_key(key.public_key()))
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.UnrecognizedExtension(BINDING, value), critical=False)
        .sign(key, hashes.SHA256()))
    return certificate, key
