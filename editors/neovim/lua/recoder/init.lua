-- What users call: set-up, the keys of ghost text, and the text for a status line.
local M = {}

---@class recoder.Options
---@field cmd? string[] How the server is started; without it, it is looked for.
---@field filetypes? string[] Where it is started.
---@field settings? table The server's settings, as in `{ completion = { max_tokens = 32 } }`.
---@field ghost_text? "auto"|"recoder"|"off" Neovim's own where it has it, always ours, or none.
---@field keys? table<string, string|false> Keys in insert mode; false leaves one out, and `keys = false` all.
---@field review? boolean Whether changes are shown before they are made.
---@field chat_width? integer Columns of the chat.
---@field python? string With which `:Recoder install` makes the environment; without it, a fit one is looked for.

---@type recoder.Options
M.options = {
  filetypes = {
    "c", "cpp", "cs", "elixir", "gitcommit", "go", "haskell", "java", "javascript", "javascriptreact", "kotlin", "lua",
    "markdown", "php", "python", "ruby", "rust", "scala", "sh", "swift", "typescript", "typescriptreact", "zig",
  },
  settings = {},
  ghost_text = "auto",
  keys = {
    accept = "<Tab>",
    accept_word = "<M-Right>",
    accept_line = "<M-Down>",
    next = "<M-]>",
    previous = "<M-[>",
    dismiss = "<C-]>",
  },
  review = true,
  chat_width = 72,
}

--- Start the server in buffers that are opened from now on, and in those that are open.
---@param options? recoder.Options
function M.setup(options)
  options = options or {}
  if options.keys == false then
    options = vim.tbl_extend("force", options, { keys = vim.tbl_map(function() return false end, M.options.keys) })
  end
  M.options = vim.tbl_deep_extend("force", M.options, options)
  -- A list takes the place of ours; it is not mixed with it.
  M.options.filetypes = options.filetypes or M.options.filetypes
  M.options.cmd = options.cmd or M.options.cmd
  require("recoder.client").start_everywhere()
end

--- Change settings of the running server, as in `{ completion = { max_tokens = 64 } }`.
---@param settings table
function M.configure(settings)
  require("recoder.client").configure(settings)
end

--- Accept the ghost text, or its next word or line; whether there was any.
---@param part? "all"|"word"|"line"
---@return boolean
function M.accept(part)
  return require("recoder.ghost").accept(part or "all")
end

--- Show another suggestion, forwards or (-1) backwards; asks for several where there is one.
---@param step? integer
function M.next(step)
  require("recoder.ghost").next(step or 1)
end

--- Take the ghost text away; whether there was any.
---@return boolean
function M.dismiss()
  return require("recoder.ghost").dismiss()
end

--- A few words for the status line; "" where Recoder does not run in this buffer.
---@return string
function M.status()
  return require("recoder.status").text()
end

return M
