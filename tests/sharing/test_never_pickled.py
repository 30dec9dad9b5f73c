"""Shares refuse to be pickled or copied by `copy`, in their own words (PITFALLS 21)."""

from __future__ import annotations

import copy
import pickle

import pytest

from spdz.field import M61
from spdz.sharing.shares import AuthShare


def test_a_share_says_itself_that_it_is_not_pickled() -> None:
    share = AuthShare(M61.array([1]), M61.array([2]))
    with pytest.raises(TypeError, match="shares are never pickled"):
        pickle.dumps(share)
    with pytest.raises(TypeError, match="shares are never pickled"):
        copy.copy(share)
