"""An installation without extras, in the process of a test: what they bring cannot be imported."""

import sys

import pytest


def without(monkeypatch: pytest.MonkeyPatch, *modules: str, anew: tuple[str, ...]) -> None:
    """Until the test ends these modules are missing, and these packages of ours are imported anew.

    Afterwards everything is as before: names in `sys.modules`, and packages in those about them.
    """
    for package in anew:
        about, _, name = package.rpartition(".")
        if hasattr(sys.modules.get(about), name):
            monkeypatch.setattr(sys.modules[about], name, getattr(sys.modules[about], name))
        for loaded in list(sys.modules):
            if loaded == package or loaded.startswith(f"{package}."):
                monkeypatch.delitem(sys.modules, loaded)
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
