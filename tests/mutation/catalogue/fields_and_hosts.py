"""Field encodings and sampling, and who a peer is: spdz/field, spdz/transport, spdz/sessions/network.py."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant

TLS = "spdz/transport/tls/context.py"
CONNECT = "spdz/transport/tls/connect.py"
CONFIG = "spdz/transport/parties_file.py"
TEST_CONNECT = "tests/transport/test_tls_connect.py"
TEST_SETTINGS = "tests/transport/test_tls_settings.py"
TEST_CONFIG = "tests/transport/test_config.py"

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "element-canonical",
        "spdz/field/field.py::Field.from_bytes",
        "if self.kernels.count_unreduced(flat_words(array.limbs), self.parameter):",
        "if False:",
        "p and above are taken for elements",
        "tests/wire/test_codec.py",
    ),
    mutant(
        "element-array-length",
        "spdz/field/field.py::Field.from_bytes",
        "if len(memory) != expected:",
        "if False:",
        "an array of another length is read",
        "tests/wire/test_codec.py tests/field/test_conversion.py",
    ),
    mutant(
        "sampling-rejection",
        "spdz/field/sampling.py::sample_words",
        "if rejected == 0:",
        "if True:",
        "the encoding of p is sampled, as a second zero",
        "tests/field/test_sampling.py",
    ),
    mutant(
        "sampling-rejects-once",
        "spdz/field/sampling.py::sample_words",
        "while len(missing):",
        "for _ in range(1):",
        "rejected words are not drawn again, but keep what stood there",
        "tests/field/test_sampling.py",
    ),
    mutant(
        "tls-client-needs-no-certificate",
        f"{TLS}::tls_context",
        "context.verify_mode = ssl.CERT_REQUIRED",
        "context.verify_mode = ssl.CERT_NONE",
        "nobody's certificate is verified",
        TEST_CONNECT,
    ),
    mutant(
        "tls-certificate-optional",
        f"{TLS}::tls_context",
        "context.verify_mode = ssl.CERT_REQUIRED",
        "context.verify_mode = ssl.CERT_OPTIONAL if server_side else ssl.CERT_REQUIRED",
        "whoever connects need not show a certificate",
        TEST_SETTINGS,
    ),
    mutant(
        "tls-old-version",
        f"{TLS}::tls_context",
        "context.minimum_version = ssl.TLSVersion.TLSv1_3\n    context.maximum_version = ssl.TLSVersion.TLSv1_3",
        "context.minimum_version = ssl.TLSVersion.TLSv1_2\n    context.maximum_version = ssl.TLSVersion.TLSv1_2",
        "TLS 1.2 is spoken",
        TEST_SETTINGS,
    ),
    mutant(
        "tls-minimum-version",
        f"{TLS}::tls_context",
        "context.minimum_version = ssl.TLSVersion.TLSv1_3",
        "context.minimum_version = ssl.TLSVersion.TLSv1_2",
        "a peer can ask for TLS 1.2",
        TEST_SETTINGS,
    ),
    mutant(
        "tls-strict-certificates",
        f"{TLS}::tls_context",
        "ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN",
        "ssl.VERIFY_X509_PARTIAL_CHAIN",
        "certificates are read without strictness",
        TEST_SETTINGS,
    ),
    mutant(
        "tls-pin-of-the-connecting-end",
        f"{CONNECT}::_Setup._pin",
        "if shown is peer:",
        "if shown is not None:",
        "any certificate of the parties file is good for every address",
        TEST_CONNECT,
    ),
    mutant(
        "tls-unknown-certificate",
        f"{CONNECT}::_Setup._admit",
        "        if peer is None:\n"
        '            self._failed(attempt, "its certificate is not in the parties file")\n'
        "            return\n",
        "        if peer is None:\n            peer = next(iter(self._peers.values()))\n",
        "a certificate that is trusted for another reason is taken for a party",
        "tests/transport/test_unknown_certificate.py",
    ),
    mutant(
        "tls-own-certificate",
        f"{CONNECT}::_Setup._admit",
        "if peer.index == self._me.index:",
        "if False:",
        "a peer with this party's own certificate is not told so",
        TEST_CONNECT,
    ),
    mutant(
        "tls-wrong-direction",
        f"{CONNECT}::_Setup._admit",
        "elif peer.index < self._me.index:",
        "elif False:",
        "a party with another order of parties is let in",
        TEST_CONNECT,
    ),
    mutant(
        "tls-second-connection",
        f"{CONNECT}::_Setup._admit",
        "elif peer.index in self._established:",
        "elif False:",
        "a second connection replaces the first",
        TEST_CONNECT,
    ),
    mutant(
        "tls-greeting",
        f"{CONNECT}::_Setup._proceed",
        "if said == HELLO:",
        "if True:",
        "a peer need not say that it is content with this party's certificate",
        TEST_CONNECT,
    ),
    mutant(
        "tls-verdict",
        f"{CONNECT}::_Setup._proceed",
        "elif said[0] == Verdict.ACCEPTED:",
        "elif True:",
        "a connection exists although the other end refuses it",
        TEST_CONNECT,
    ),
    mutant(
        "config-key-readable-by-others",
        f"{CONFIG}::PartiesFile.private_key",
        'if os.name == "posix" and mode & 0o077:',
        "if False:",
        "a private key that others can read is used",
        TEST_CONFIG,
    ),
    mutant(
        "config-expired-certificate",
        f"{CONFIG}::_endpoint",
        "if now > found.not_after:",
        "if False:",
        "an expired certificate is taken",
        TEST_CONFIG,
    ),
    mutant(
        "config-fingerprint",
        f"{CONFIG}::_endpoint",
        "if written != found.fingerprint:",
        "if False:",
        "the fingerprint of the parties file need not fit the certificate",
        TEST_CONFIG,
    ),
    mutant(
        "config-one-certificate-for-two",
        f"{CONFIG}::_refuse_duplicates",
        "if other is not endpoint:",
        "if False:",
        "two parties may have one certificate",
        TEST_CONFIG,
    ),
    mutant(
        "network-toy-field",
        "spdz/sessions/network.py::_secure_field",
        "if not allow_toy and is_toy(chosen.bits):",
        "if False:",
        "a toy field is used over a network without being asked for",
        "tests/transport/test_toy_fields.py",
    ),
)
