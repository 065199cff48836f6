-- The keys of ghost text. Where there is none they do what they did before.
local ghost = require("recoder.ghost")

local M = {}

--- Map them in this buffer.
---@param buffer integer
function M.set(buffer)
  local does = {
    accept = function() return ghost.accept("all") end,
    accept_word = function() return ghost.accept("word") end,
    accept_line = function() return ghost.accept("line") end,
    next = function() ghost.next(1) return true end,
    previous = function() ghost.next(-1) return true end,
    dismiss = ghost.dismiss,
  }
  local description = "Recoder: ghost text, "
  for name, key in pairs(require("recoder").options.keys) do
    local before = vim.api.nvim_buf_call(buffer, function()
      return vim.fn.maparg(key or "", "i", false, true)
    end)
    local is_ours = vim.startswith(before.desc or "", description)
    if key and does[name] and not is_ours then
      vim.keymap.set("i", key, function()
        return does[name]() and "" or M._as_before(before, key)
      end, { buffer = buffer, expr = true, replace_keycodes = false, desc = description .. name:gsub("_", " ") })
    end
  end
end

--- What a key did before it was ours, as keys.
---@param before table As of maparg().
---@param key string
---@return string
function M._as_before(before, key)
  local function codes(keys)
    return vim.api.nvim_replace_termcodes(keys, true, true, true)
  end
  if before.callback and before.expr == 1 then
    local keys = before.callback() or ""
    return before.replace_keycodes == 1 and codes(keys) or keys
  elseif before.callback then
    vim.schedule(before.callback)
    return ""
  elseif before.rhs and before.expr == 1 then
    local keys = vim.api.nvim_eval((before.rhs:gsub("<SID>", ("<SNR>%d_"):format(before.sid or 0))))
    return before.replace_keycodes == 1 and codes(keys) or keys
  end
  local keys = codes(before.rhs and before.rhs ~= "" and before.rhs or key)
  if before.noremap == 0 then
    -- As with <Plug>: what it stands for is mapped itself.
    vim.api.nvim_feedkeys(keys, "im", false)
    return ""
  end
  return keys
end

return M
