-- One suggestion: what of it is still to come at the caret, and how it, or its first part, is put there.
local call = require("recoder.call")

local M = {}

---@class recoder.Item One suggestion: `text` takes the place of the bytes from `col` to `end_col` in line `row`, all counted from 0.
---@field text string
---@field row integer
---@field col integer Where the caret was when it was asked for.
---@field end_col integer
---@field command? table To be run when it is accepted.
---@field client_id integer

--- What of a suggestion is still to come at the caret, and the caret's column; nil where something else was typed.
---@param item recoder.Item
---@return string?, integer
function M.rest(item)
  local row, caret = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_get_current_line()
  if row - 1 ~= item.row or caret < item.col or item.end_col + caret - item.col > #line then
    return nil, caret
  end
  local typed = line:sub(item.col + 1, caret)
  if item.text:sub(1, #typed) ~= typed then
    return nil, caret
  end
  return item.text:sub(#typed + 1), caret
end

--- Put a suggestion, or its first part, to the caret. What was typed of it meanwhile stands there already.
---@param item recoder.Item
---@param part "all"|"word"|"line"
function M.insert(item, part)
  local rest, caret = M.rest(item)
  if not rest or rest == "" then
    return
  end
  local inserted = M._first(rest, part)
  if inserted == "" then
    inserted = rest
  end
  local is_all = inserted == rest
  local end_col = is_all and item.end_col + caret - item.col or caret
  local lines = vim.split(inserted, "\n", { plain = true })
  -- One step to undo, apart from what was typed before.
  vim.go.undolevels = vim.go.undolevels
  vim.api.nvim_buf_set_text(0, item.row, caret, item.row, end_col, lines)
  vim.api.nvim_win_set_cursor(0, { item.row + #lines, (#lines == 1 and caret or 0) + #lines[#lines] })
  local client = vim.lsp.get_client_by_id(item.client_id)
  if is_all and item.command and client then
    local command = { command = item.command.command, arguments = item.command.arguments }
    call(client, "request", "workspace/executeCommand", command, function() end)
  end
end

--- The part that is accepted first: a word with what stands before it, or up to the end of the line.
---@param text string
---@param part "all"|"word"|"line"
---@return string
function M._first(text, part)
  if part == "word" then
    return vim.fn.matchstr(text, [[^\_s*\%(\k\+\|\%(\k\@!\S\)\+\)]])
  elseif part == "line" then
    return text:match("^\n?[^\n]*")
  end
  return text
end

return M
