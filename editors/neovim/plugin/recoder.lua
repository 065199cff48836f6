-- What there is without set-up: the command `:Recoder`, and the look of ghost text.
if vim.g.loaded_recoder then
  return
end
vim.g.loaded_recoder = true

vim.api.nvim_set_hl(0, "RecoderGhost", { link = "NonText", default = true })
vim.api.nvim_set_hl(0, "RecoderCitation", { link = "Directory", default = true })

vim.api.nvim_create_user_command("Recoder", function(input)
  require("recoder.commands").run(input)
end, {
  bang = true,
  complete = function(typed, line)
    return require("recoder.commands").complete(typed, line)
  end,
  desc = "Ask Recoder for something",
  nargs = "*",
  range = true,
})
