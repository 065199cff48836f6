-- For `vim.lsp.enable("recoder")`, in Neovim 0.11 and later.
return require("recoder.client").config()
