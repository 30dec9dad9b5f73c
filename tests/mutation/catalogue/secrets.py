"""The MAC key and the end of a session: what must not survive."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant

KEY = "spdz/sharing/mac_key.py"
PARTY = "spdz/runtime/party.py"

TEST_KEY = "tests/sharing/test_mac_key.py"
TEST_PARTY = "tests/runtime/test_party.py"

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "key-survives-a-failed-check",
        f"{KEY}::MacKey.checking",
        "            self.destroy()\n            raise\n",
        "            raise\n",
        "a failed or interrupted check leaves the key alive",
        TEST_KEY,
    ),
    mutant(
        "key-survives-an-interruption",
        f"{KEY}::MacKey.checking",
        "except BaseException:",
        "except Exception:",
        "an interruption or a closed coroutine inside a check leaves the key alive",
        TEST_KEY,
    ),
    mutant(
        "key-checks-side-by-side",
        f"{KEY}::MacKey.checking",
        "if self._checking:",
        "if False:",
        "two checks may run at once under one key",
        TEST_KEY,
    ),
    mutant(
        "key-survives-a-second-check",
        f"{KEY}::MacKey.checking",
        "            self.destroy()\n            raise InternalError(",
        "            raise InternalError(",
        "the refusal of a second check leaves the key alive",
        TEST_KEY,
    ),
    mutant(
        "key-not-overwritten",
        f"{KEY}::MacKey.destroy",
        "            self._share.wipe()\n",
        "",
        "a destroyed key stays in memory",
        TEST_KEY,
    ),
    mutant(
        "key-not-forgotten",
        f"{KEY}::MacKey.destroy",
        "            self._share = None\n",
        "",
        "a destroyed key can be used, as zero",
        TEST_KEY,
    ),
    mutant(
        "key-pickled",
        f"{KEY}::MacKey.__reduce__",
        'raise TypeError("a MAC key share is never pickled")',
        "return object.__reduce__(self)",
        "a key share can be pickled",
        TEST_KEY,
    ),
    mutant(
        "shares-pickled",
        "spdz/sharing/shares.py::AuthShare.__reduce__",
        'raise TypeError("shares are never pickled; stored material goes through spdz.sharing.material")',
        "return object.__reduce__(self)",
        "shares can be pickled",
        "tests/sharing/test_never_pickled.py",
    ),
    mutant(
        "party-key-survives",
        f"{PARTY}::Party._destroy_secrets",
        "        steps.callback(self.session.domains.destroy)\n",
        "",
        "the key survives the end of a session",
        TEST_PARTY,
    ),
    mutant(
        "party-material-survives",
        f"{PARTY}::Party._destroy_secrets",
        "            steps.callback(destroy)\n",
        "            pass\n",
        "material survives the end of a session",
        TEST_PARTY,
    ),
    mutant(
        "party-abort-destroys-nothing",
        f"{PARTY}::Party.abort",
        "            self._destroy_secrets(steps)\n",
        "",
        "key and material survive an abort",
        TEST_PARTY,
    ),
    mutant(
        "party-abort-destroys-the-key-late",
        f"{PARTY}::Party.abort",
        "        self.session.domains.destroy()\n        if self._over:",
        "        if self._over:",
        "an interruption of the clean-up leaves the key",
        "tests/runtime/test_end_of_a_session.py",
    ),
    mutant(
        "party-close-destroys-nothing",
        f"{PARTY}::Party.close",
        "            self._destroy_secrets(steps)\n",
        "",
        "key and material survive an honest end",
        TEST_PARTY,
    ),
    mutant(
        "party-goes-on-after-an-error",
        f"{PARTY}::Party._run",
        "self.abort(error)\n",
        "pass\n",
        "an error does not end the session",
        TEST_PARTY,
    ),
    mutant(
        "party-survives-an-interruption",
        f"{PARTY}::Party._run",
        "except BaseException as error:",
        "except Exception as error:",
        "an interruption does not end the session",
        TEST_PARTY,
    ),
    mutant(
        "party-used-after-the-end",
        f"{PARTY}::Party.run",
        "if self._over:",
        "if False:",
        "a session that has ended goes on",
        TEST_PARTY,
    ),
    mutant(
        "party-coroutines-not-closed",
        f"{PARTY}::Party.abort",
        "            steps.callback(self._scheduler.close)\n",
        "",
        "siblings go on after an abort",
        "tests/runtime/test_siblings.py",
    ),
    mutant(
        "party-peers-not-told",
        f"{PARTY}::Party.abort",
        "                steps.callback(self.transport.send, peer, [control_frame(Kind.ABORT, _wire_id(error))])\n",
        "                pass\n",
        "peers do not hear of an abort",
        f"{TEST_PARTY} tests/api/test_run_local.py",
    ),
)
