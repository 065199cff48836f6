-- Finds the server on this machine. It never looks into the folder that is open: what lies there may be anybody's.
local M = {}

M.NAME = "recoder-lsp"
M.HINT = "`:Recoder install` installs it; setup({ cmd = { ... } }) names one that is there."

--- Where it is looked for, the first that is there counts.
---@return string[]
function M.places()
  local places = {}
  if vim.env.VIRTUAL_ENV then
    table.insert(places, vim.fs.joinpath(vim.env.VIRTUAL_ENV, "bin", M.NAME))
  end
  table.insert(places, vim.fs.joinpath(M.own_folder(), "bin", M.NAME))
  table.insert(places, M.NAME)
  -- Where README installs it, pipx and uv link it; editors started from a desktop have no such PATH.
  table.insert(places, vim.fs.normalize("~/.local/bin/" .. M.NAME))
  table.insert(places, vim.fs.normalize("~/.local/share/recoder-lsp/bin/" .. M.NAME))
  return places
end

--- The virtual environment that `:Recoder install` makes.
---@return string
function M.own_folder()
  return vim.fs.joinpath(vim.fn.stdpath("data") --[[@as string]], "recoder")
end

--- How the server is started; nil where it cannot be found.
---@return string[]?
function M.command()
  local named = require("recoder").options.cmd
  if named then
    return vim.fn.executable(named[1]) == 1 and named or nil
  end
  for _, place in ipairs(M.places()) do
    local path = vim.fn.exepath(place)
    if path ~= "" then
      return { path }
    end
  end
end

return M
