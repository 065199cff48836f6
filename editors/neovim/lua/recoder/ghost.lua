-- Ghost text: by `vim.lsp.inline_completion` where Neovim has it, else drawn by this plugin.
local drawn = require("recoder.drawn_ghost")
local suggestion = require("recoder.suggestion")
local native = vim.lsp.inline_completion

local M = {}

---@return boolean
local function is_native()
  return native ~= nil and require("recoder").options.ghost_text == "auto"
end

--- Show ghost text in this buffer from now on.
---@param client vim.lsp.Client
---@param buffer integer
function M.attach(client, buffer)
  if require("recoder").options.ghost_text == "off" then
    return
  end
  if is_native() then
    native.enable(true, { bufnr = buffer })
  else
    drawn.watch(client, buffer)
  end
  require("recoder.ghost_keys").set(buffer)
end

--- Accept what is shown, or the next word or line of it.
---@param part "all"|"word"|"line"
---@return boolean whether anything was
function M.accept(part)
  if is_native() then
    return native.get({
      on_accept = function(item)
        suggestion.insert(M._from_native(item), part)
      end,
    })
  end
  local item = drawn.current()
  if not item then
    return false
  end
  -- Keys that are expressions must not change the text.
  vim.schedule(function()
    suggestion.insert(item, part)
  end)
  return true
end

---@param step integer
function M.next(step)
  if is_native() then
    native.select({ count = step })
  else
    drawn.next(step)
  end
end

---@return boolean
function M.dismiss()
  if is_native() then
    return native.get({ on_accept = function() end })
  end
  return drawn.dismiss()
end

---@return recoder.Item
function M._from_native(item)
  local row, col, _, end_col
  if item.range then
    row, col, _, end_col = item.range:to_extmark()
  else
    row, col = unpack(vim.api.nvim_win_get_cursor(0))
    row, end_col = row - 1, col
  end
  return { text = item.insert_text, row = row, col = col, end_col = end_col, command = item.command, client_id = item.client_id }
end

return M
