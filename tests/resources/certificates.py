"""Certificates as the tests need them: an authority of their own, and servers that it vouches for, wrongly too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """`pem` is what a client believes; `issue` gives a server's certificate and key as files."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = _builder(self._name, self._name, self._key.public_key(), 365).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(False, False, False, False, False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False)
        identity = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        signed = made.add_extension(usage, critical=True).add_extension(identity, critical=False).sign(self._key, SHA256())
        self.pem = signed.public_bytes(Encoding.PEM).decode()
        self.file = folder / f"{name}.ca.pem"
        self.file.write_text(self.pem)

    def issue(self, *names: str, days: int = 30) -> tuple[Path, Path]:
        """For these names and addresses; `days` below nothing: no longer good."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternatives = x509.SubjectAlternativeName([x509.IPAddress(ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names])
        whose = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = _builder(subject, self._name, key.public_key(), days).add_extension(alternatives, critical=False).add_extension(whose, critical=False)
        certificate, private = (self._folder / f"{names[0]}.{days}.{kind}.pem" for kind in ("crt", "key"))
        certificate.write_bytes(made.sign(self._key, SHA256()).public_bytes(Encoding.PEM))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        private.chmod(0o600)
        return certificate, private


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    begun, ended = (now - timedelta(days=1), now + timedelta(days=days)) if days > 0 else (now + timedelta(days=days - 1), now + timedelta(days=days))
    numbered = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key).serial_number(x509.random_serial_number())
    return numbered.not_valid_before(begun).not_valid_after(ended)
