"""The editor side of Recoder; nobody else knows LSP."""

from recoder_lsp.server.serve import serve_stdio, serve_tcp

__all__ = ["serve_stdio", "serve_tcp"]
