"""One file per kind of source; each passes the same contract suite (tests/gateway/sources/test_contract.py)."""
