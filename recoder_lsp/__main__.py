"""`python -m recoder_lsp` is the console script `recoder-lsp`."""

from recoder_lsp.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
