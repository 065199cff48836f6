"""Recoder LSP: code completion over the Language Server Protocol, computed on the machine you type on."""

__version__ = "0.1.0"
