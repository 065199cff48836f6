"""How each editor is told to start the server; docs/editors.md, `doctor` and the demo all show these texts."""

import json
from dataclasses import dataclass

COMMAND = "recoder-lsp"


@dataclass(frozen=True)
class Editor:
    """An editor and what a user pastes into it: `settings` in the language `syntax`, into the file `place`."""

    name: str
    place: str
    syntax: str
    settings: str
    note: str

    def settings_for(self, command: str) -> str:
        """Return the settings with another command, such as an absolute path, in the place of `recoder-lsp`."""
        return self.settings.replace(json.dumps(COMMAND), json.dumps(command))


VSCODE = Editor(
    name="VS Code",
    place="settings.json",
    syntax="json",
    settings="""\
{
  "recoder.server.path": "recoder-lsp"
}""",
    note="Ghost text, chat and edits shown before they are made, by an extension of our own: docs/editors/vscode.md says how to build and "
    "install it. It finds the program by itself; this setting names another.",
)

NEOVIM = Editor(
    name="Neovim",
    place="init.lua, Neovim 0.12 or later",
    syntax="lua",
    settings="""\
vim.lsp.config("recoder", {
  cmd = { "recoder-lsp" },
  filetypes = { "python", "javascript", "javascriptreact", "typescript", "typescriptreact" },
  root_markers = { ".git" },
})
vim.lsp.enable("recoder")
vim.lsp.inline_completion.enable(true)
vim.keymap.set("i", "<Tab>", function()
  if not vim.lsp.inline_completion.get() then
    return "<Tab>"
  end
end, { expr = true, desc = "Accept the suggestion" })""",
    note="Ghost text while you type; Tab accepts it. For Neovim 0.10 and 0.11, and for chat and commands: docs/editors/neovim.md.",
)

HELIX = Editor(
    name="Helix",
    place="~/.config/helix/languages.toml",
    syntax="toml",
    settings="""\
[language-server.recoder]
command = "recoder-lsp"

[[language]]
name = "python"
language-servers = ["pylsp", "recoder"]

[[language]]
name = "javascript"
language-servers = ["typescript-language-server", "recoder"]

[[language]]
name = "jsx"
language-servers = ["typescript-language-server", "recoder"]

[[language]]
name = "typescript"
language-servers = ["typescript-language-server", "recoder"]

[[language]]
name = "tsx"
language-servers = ["typescript-language-server", "recoder"]""",
    note="Helix has no ghost text: the suggestion is an item of the completion menu. "
    "A list of servers replaces the one you had, so keep yours in it.",
)

EMACS = Editor(
    name="Emacs",
    place="init.el, with lsp-mode 10 or later",
    syntax="elisp",
    settings="""\
(setq lsp-inline-completion-idle-delay 0.2)
(with-eval-after-load 'lsp-mode
  (lsp-register-client
   (make-lsp-client :new-connection (lsp-stdio-connection '("recoder-lsp"))
                    :activation-fn (lsp-activate-on "python" "javascript" "javascriptreact" "typescript" "typescriptreact")
                    :server-id 'recoder
                    :add-on? t)))
(add-hook 'prog-mode-hook #'lsp-deferred)""",
    note="Ghost text when you pause; Control-Return accepts it. Other servers keep running beside it. "
    "For eglot, chat and commands: docs/editors/emacs.md.",
)

EDITORS = (VSCODE, NEOVIM, HELIX, EMACS)
