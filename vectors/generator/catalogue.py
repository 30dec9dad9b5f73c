"""All vector files, and what makes them."""

from __future__ import annotations

from collections.abc import Callable

from vectors.generator import (
    attacks,
    cases_bits,
    cases_functions,
    cases_mascot,
    cases_ot,
    cases_protocols,
    cases_sessions,
    cases_trees,
)

FILES: dict[str, Callable[[], str]] = {
    "field.json": cases_functions.field_file,
    "codec.json": cases_functions.codec_file,
    "labelled_hash.json": cases_functions.labelled_hash_file,
    "commitment.json": cases_functions.commitment_file,
    "prg.json": cases_functions.prg_file,
    "tweakable_hash.json": cases_ot.tweakable_hash_file,
    "universal_hash.json": cases_ot.universal_hash_file,
    "group.json": cases_ot.group_file,
    "copee.json": cases_ot.copee_file,
    "ggm_trees.json": cases_trees.ggm_trees_file,
    "ot_trees.json": cases_trees.ot_trees_file,
    "ot_extension.json": cases_trees.ot_extension_file,
    "seed_expansion.json": cases_trees.seed_expansion_file,
    "lpn_code.json": cases_trees.lpn_code_file,
    "bits.json": cases_bits.bits_file,
    "commit_and_open.json": cases_protocols.commit_and_open_file,
    "coin_toss.json": cases_protocols.coin_toss_file,
    "mac_check.json": cases_protocols.mac_check_file,
    "input.json": cases_protocols.input_file,
    "multiply.json": cases_protocols.multiply_file,
    "output.json": cases_protocols.output_file,
    "publish.json": cases_protocols.publish_file,
    "bit_protocols.json": cases_protocols.bit_protocols_file,
    "base_ot.json": cases_protocols.base_ot_file,
    "authenticate.json": cases_mascot.authenticate_file,
    "triples.json": cases_mascot.triples_file,
    "matrix_triples.json": cases_mascot.matrix_triples_file,
    "vole.json": cases_mascot.vole_file,
    "sessions_default.json": cases_sessions.default_session_file,
    "sessions_dealer.json": cases_sessions.dealer_sessions_file,
    **attacks.FILES,
}
