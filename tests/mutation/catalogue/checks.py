"""Broadcast, commit-and-open and the MAC check: spdz/protocols, spdz/sharing/unverified.py."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

BROADCAST = "spdz/protocols/broadcast.py"
COMMIT = "spdz/protocols/commit.py"
MAC_CHECK = "spdz/protocols/mac_check.py"
UNVERIFIED = "spdz/sharing/unverified.py"
DOMAIN = "spdz/sharing/domain.py"
FIELD_DOMAIN = "spdz/sharing/field_domain.py"

EQUIVOCATION = "tests/attacks/test_equivocation.py"
COMMITMENTS = "tests/attacks/test_commitments.py"
OPENINGS = "tests/attacks/test_openings.py"
RUNS = "tests/protocols/test_big_openings.py"
DOMAINS = "tests/house/test_new_domain.py"
SCOPES = "tests/house/test_checked_scope.py"
MANY = "tests/attacks/test_openings.py tests/online/test_arithmetic.py tests/api/test_cheating.py"

_BROADCASTS: tuple[Mutant, ...] = (
    mutant(
        "echo-comparison",
        f"{BROADCAST}::echo",
        "if bytes(digest) != own:",
        "if False:",
        "different broadcasts to different parties are not noticed",
        EQUIVOCATION,
    ),
    mutant(
        "echo-compares-one-peer",
        f"{BROADCAST}::echo",
        "for peer, digest in received.items():",
        "for peer, digest in list(received.items())[:1]:",
        "the echo of all peers but one is ignored",
        f"{EQUIVOCATION} tests/protocols",
    ),
    mutant(
        "echo-skipped-for-three",
        f"{BROADCAST}::echo",
        "if ctx.parties == 2:",
        "if ctx.parties <= 3:",
        "three parties never echo",
        EQUIVOCATION,
    ),
    mutant(
        "echo-not-called",
        f"{MAC_CHECK}::check_openings",
        "        await echo(ctx)\n",
        "        ctx.unverified.close_broadcasts()\n",
        "the MAC check does not start with the echo",
        EQUIVOCATION,
    ),
    mutant(
        "broadcast-content-not-hashed",
        f"{BROADCAST}::record_broadcast",
        "        digest.update(codec.encode(value))\n",
        "",
        "the echo covers who spoke, not what was said",
        EQUIVOCATION,
    ),
    mutant(
        "broadcast-of-one-not-logged",
        f"{BROADCAST}::broadcast_from",
        "    record_broadcast(ctx, step, {sender: (codec, value)})\n",
        "",
        "masked inputs are not echoed",
        EQUIVOCATION,
    ),
    mutant(
        "broadcast-of-all-not-logged",
        f"{BROADCAST}::broadcast",
        "    record_broadcast(ctx, step, {party: (codec, value) for party, value in enumerate(values)})\n",
        "",
        "openings are not echoed",
        EQUIVOCATION,
    ),
    mutant(
        "broadcast-declaration",
        f"{BROADCAST}::record_broadcast",
        "    assert step.delivery is Delivery.BROADCAST, step.name\n",
        "",
        "a step that is declared as direct may be broadcast, and the attack matrix would not equivocate in it",
        "tests/protocols/test_honest.py",
    ),
    mutant(
        "unverified-broadcast-dropped",
        f"{UNVERIFIED}::Unverified.record_broadcast",
        "self._broadcasts.append((path, digest))",
        "self._broadcasts = [(path, digest)]",
        "only the last broadcast of a scope is echoed",
        f"tests/sharing/test_unverified.py {EQUIVOCATION}",
    ),
)

_COMMITMENTS: tuple[Mutant, ...] = (
    mutant(
        "commitment-opening",
        f"{COMMIT}::commit_and_open",
        "if not verify_opening(session_id, peer, place, payloads[peer], peer_nonce, commitments[peer]):",
        "if False:",
        "an opening need not fit its commitment",
        COMMITMENTS,
    ),
    mutant(
        "commitment-digest",
        f"{COMMIT}::commit_and_open",
        "if peer_seen != seen:",
        "if False:",
        "different commitments to different parties are not noticed",
        COMMITMENTS,
    ),
    mutant(
        "commitment-digest-of-own-only",
        f"{COMMIT}::_digest_of",
        "*(commitments[party] for party in range(ctx.parties)),",
        "*(commitments[party] for party in range(0)),",
        "the digest of the commitments holds none of them",
        COMMITMENTS,
    ),
    mutant(
        "commitment-opened-too-early",
        f"{COMMIT}::commit_and_open",
        "    received = await ctx.tell_all(steps.commit, Blob(COMMITMENT_BYTES), commitment)\n",
        "    beside = ctx.tell_all(steps.commit, Blob(COMMITMENT_BYTES), commitment)\n"
        "    early = ctx.tell_all(steps.open, Blob(NONCE_BYTES + len(payload)), nonce + payload)\n"
        "    received, _ = await ctx.gather(beside, early)\n",
        "payloads are opened beside the commitments, before all commitments are there",
        "tests/protocols/test_costs.py tests/attacks/test_openings.py",
    ),
    mutant(
        "commitment-verified-with-own-index",
        f"{COMMIT}::commit_and_open",
        "if not verify_opening(session_id, peer, place,",
        "if not verify_opening(session_id, min(peer, ctx.party), place,",
        "a commitment is verified as that of another party",
        "tests/protocols/test_honest.py tests/attacks/test_commitments.py",
    ),
    mutant_of(
        "commitment-without-party",
        COMMIT,
        [
            ("commit_and_open", "commit(session_id, ctx.party, place,", "commit(session_id, 0, place,"),
            ("commit_and_open", "verify_opening(session_id, peer, place,", "verify_opening(session_id, 0, place,"),
        ],
        "a copied commitment can be opened as one's own",
        COMMITMENTS,
    ),
)

_MAC_CHECK: tuple[Mutant, ...] = (
    mutant(
        "mac-check-zero-test",
        f"{MAC_CHECK}::check_openings",
        "if not _sum_is_zero(ctx, steps, list(openings), payloads):",
        "if _sum_is_zero(ctx, steps, list(openings), payloads) is None:",
        "the sum of the sigma may be anything",
        OPENINGS,
    ),
    mutant(
        "mac-check-zero-test-inside",
        f"{FIELD_DOMAIN}::FieldDomain.sum_is_zero",
        "return bool(total.is_zero())",
        "return True",
        "the sum of the sigma may be anything",
        OPENINGS,
    ),
    mutant(
        "mac-check-sigma-encoding",
        f"{MAC_CHECK}::_sum_is_zero",
        "                raise MalformedMessage(\n"
        '                    f"party {party} opened a sigma that is not one of the sharing domain {domain.name}",\n'
        "                    step=steps.sigma.open.name,\n"
        "                    blamed=party,\n"
        "                ) from None\n",
        "                continue\n",
        "a sigma that is no field element counts as zero",
        OPENINGS,
    ),
    mutant(
        "mac-check-equal-coefficients",
        f"{FIELD_DOMAIN}::combine",
        "chi[0] = 1",
        "chi[:] = 1",
        "errors that add up to zero pass",
        OPENINGS,
    ),
    mutant(
        "mac-check-skips-the-first-value",
        f"{FIELD_DOMAIN}::combine",
        "chi[0] = 1",
        "chi[0] = 0",
        "the first opened value is not checked",
        MANY,
    ),
    mutant(
        "mac-check-skips-the-last-value",
        f"{FIELD_DOMAIN}::combine",
        "chi[0] = 1",
        "chi[-1] = 0\n                chi[0] = 1",
        "the last of several opened values is not checked",
        MANY,
    ),
    mutant(
        "mac-check-first-opening-only",
        f"{MAC_CHECK}::check_openings",
        "openings = ctx.unverified.close_openings()",
        "openings = {name: opened[:1] for name, opened in ctx.unverified.close_openings().items()}",
        "of several openings only the first is checked",
        MANY,
    ),
    mutant(
        "mac-check-last-run-left-out",
        f"{FIELD_DOMAIN}::combine",
        "for run in _runs(openings):",
        "for run in list(_runs(openings))[:-1]:",
        "the last run of openings that are combined together is not checked",
        OPENINGS,
    ),
    mutant(
        "mac-check-earlier-runs-left-out",
        f"{FIELD_DOMAIN}::combine",
        "for run in _runs(openings):",
        "for run in list(_runs(openings))[-1:]:",
        "of many openings only the last run is checked",
        RUNS,
    ),
    mutant_of(
        "mac-check-runs-share-coins",
        FIELD_DOMAIN,
        [
            (
                "combine",
                "totals, first = field.zeros(2), True",
                "totals, first, seed = field.zeros(2), True, coins.bytes(16)",
            ),
            ("combine", "field.sample_into(coins.fill, chi)", "field.sample_into(Prg(seed).fill, chi)"),
        ],
        "errors in two big openings that cancel each other pass",
        RUNS,
    ),
    mutant(
        "mac-check-without-lock",
        f"{MAC_CHECK}::check_openings",
        "with ctx.session.domains.checking():",
        'with __import__("contextlib").nullcontext():',
        "checks may run side by side, and a failed or interrupted one leaves the key alive",
        "tests/sharing/test_mac_key.py",
    ),
    mutant(
        "unverified-opening-truncated",
        f"{FIELD_DOMAIN}::Opening.of",
        "cls(path, value.ravel(), flat)",
        "cls(path, value.ravel()[:1], tuple((m[:1], a if a is None else a[:1]) for m, a in flat[:1]))",
        "of every opened array only the first element is checked",
        f"tests/sharing/test_unverified.py {MANY}",
    ),
    mutant(
        "unverified-last-element-dropped",
        f"{FIELD_DOMAIN}::Opening.of",
        "return cls(path, value.ravel(), flat)",
        "last = tuple(m if m is None else m[: max(1, m.size - 1)] for m in flat[-1])\n"
        "        return cls(path, value.ravel()[: max(1, value.size - 1)], (*flat[:-1], last))",
        "the last element of every opened array is not checked",
        f"tests/sharing/test_unverified.py {MANY}",
    ),
    mutant(
        "unverified-openings-forgotten",
        "spdz/protocols/opening.py::partial_open",
        "    ctx.unverified.record_opening(domain.name, domain.opening(ctx.last_path, total, share))\n",
        "",
        "no opening is checked",
        MANY,
    ),
    mutant(
        "unverified-masked-openings-forgotten",
        "spdz/protocols/opening.py::open_masked",
        "    ctx.unverified.record_opening(domain.name, domain.opening(ctx.last_path, total, *pairs))\n",
        "",
        "no opening of a product or a square is checked",
        MANY,
    ),
    mutant(
        "unverified-second-piece-forgotten",
        f"{FIELD_DOMAIN}::Opening.parts",
        "for mac, mask in self.macs:",
        "for mac, mask in self.macs[:1]:",
        "of the two factors of a big product only the first opening is checked",
        RUNS,
    ),
    mutant(
        "unverified-pieces-too-short",
        f"{FIELD_DOMAIN}::Opening.of",
        "if sum(mac.size for mac, _ in flat) != value.size:",
        "if False:",
        "an opened value without a MAC share is not checked",
        "tests/sharing/test_unverified.py",
    ),
    mutant(
        "unverified-at-the-end",
        f"{UNVERIFIED}::Unverified.require_empty",
        "if not self.is_empty:",
        "if False:",
        "a session may end, and a scope may be left, with unchecked openings",
        "tests/sharing/test_unverified.py tests/runtime/test_party.py",
    ),
    mutant(
        "unverified-forgets-broadcasts",
        f"{UNVERIFIED}::Unverified.is_empty",
        "return not self._openings and not self._broadcasts",
        "return not self._openings",
        "a scope with broadcasts alone counts as checked",
        "tests/sharing/test_unverified.py",
    ),
)

_DOMAINS: tuple[Mutant, ...] = (
    mutant(
        "domain-zero-test-of-the-last-domain",
        f"{MAC_CHECK}::_sum_is_zero",
        "zero, start = zero and domain.sum_is_zero(sigmas), end",
        "zero, start = domain.sum_is_zero(sigmas), end",
        "of several sharing domains only the last is checked",
        DOMAINS,
    ),
    mutant(
        "domain-zero-test-of-the-first-domain",
        f"{MAC_CHECK}::_sum_is_zero",
        "for name in names):",
        "for name in names[:1]):",
        "of several sharing domains only the first is checked",
        DOMAINS,
    ),
    mutant(
        "domain-other-keys-survive",
        f"{DOMAIN}::Domains.checking",
        "            self.destroy()\n            raise\n",
        "            raise\n",
        "a check that begins under a dead key leaves the other keys alive",
        DOMAINS,
    ),
    mutant(
        "domain-holds-the-first-key-only",
        f"{DOMAIN}::Domains.checking",
        "for key in keys:",
        "for key in keys[:1]:",
        "a check goes on although the key of another domain is dead",
        DOMAINS,
    ),
    mutant(
        "domain-destroys-the-first-key-only",
        f"{DOMAIN}::Domains.destroy",
        "for domain in self:",
        "for domain in list(self)[:1]:",
        "the keys of all domains but one survive the end of a session",
        "tests/house/test_new_domain.py",
    ),
    mutant(
        "domain-coins-shared",
        f"{DOMAIN}::Domains.add",
        "if domain.coins_label in {other.coins_label for other in self}:",
        "if False:",
        "two sharing domains may be checked with the same coins",
        DOMAINS,
    ),
    mutant(
        "domain-share-with-two-homes",
        f"{DOMAIN}::Domains.of",
        "if len(owners) != 1:",
        "if not owners:",
        "a share may be opened in another domain than the one that it was made in",
        DOMAINS,
    ),
    mutant(
        "scope-not-required-empty",
        f"{MAC_CHECK}::checked",
        "    scope.unverified.require_empty()\n",
        "",
        "a scope may be left with openings that were made while its check ran",
        SCOPES,
    ),
    mutant(
        "scope-not-checked",
        f"{MAC_CHECK}::checked",
        "    await check_openings(scope, steps)\n",
        "    scope.unverified.close_openings(), scope.unverified.close_broadcasts()\n",
        "no scope of the preprocessing is checked",
        SCOPES,
    ),
    mutant(
        "scope-out-of-turn",
        f"{MAC_CHECK}::checked",
        "    await wait_for(turn)\n",
        "",
        "the check of a scope may run beside another one",
        SCOPES,
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_BROADCASTS, *_COMMITMENTS, *_MAC_CHECK, *_DOMAINS)
