-- Ghost text drawn by this plugin, with extmarks: for Neovims that have none of their own, and for those who prefer it.
local byte = require("recoder.byte")
local call = require("recoder.call")
local suggestion = require("recoder.suggestion")

local M = {}

local METHOD = "textDocument/inlineCompletion"
local INVOKED, AUTOMATIC = 1, 2
local namespace = vim.api.nvim_create_namespace("recoder.ghost")

---@class recoder.Ghost What one buffer shows, and what it waits for.
---@field client_id integer
---@field items recoder.Item[]
---@field index integer
---@field request? integer
---@type table<integer, recoder.Ghost>
local ghosts = {}

--- Show suggestions in this buffer from now on.
---@param client vim.lsp.Client
---@param buffer integer
function M.watch(client, buffer)
  ghosts[buffer] = { client_id = client.id, items = {}, index = 1 }
  local group = vim.api.nvim_create_augroup("recoder.ghost." .. buffer, {})
  vim.api.nvim_create_autocmd({ "InsertEnter", "CursorMovedI", "TextChangedP" }, {
    group = group,
    buffer = buffer,
    callback = function()
      M._show(buffer)
      M._request(buffer, AUTOMATIC)
    end,
  })
  vim.api.nvim_create_autocmd({ "InsertLeave", "BufLeave" }, {
    group = group,
    buffer = buffer,
    callback = function()
      M._cancel(buffer)
      M._hide(buffer)
    end,
  })
  vim.api.nvim_create_autocmd("LspDetach", {
    group = group,
    buffer = buffer,
    callback = function(event)
      if event.data.client_id == client.id then
        M._hide(buffer)
        ghosts[buffer] = nil
        vim.api.nvim_del_augroup_by_id(group)
      end
    end,
  })
end

--- What is shown in the current buffer, as long as it fits what was typed.
---@return recoder.Item?
function M.current()
  local ghost = ghosts[vim.api.nvim_get_current_buf()]
  local item = ghost and ghost.items[ghost.index]
  local rest = item and suggestion.rest(item)
  return rest and rest ~= "" and item or nil
end

--- Show another suggestion; where there is only one, several are asked for.
---@param step integer
function M.next(step)
  local ghost = ghosts[vim.api.nvim_get_current_buf()]
  if not ghost then
    return
  end
  if #ghost.items < 2 then
    M._request(0, INVOKED)
    return
  end
  ghost.index = (ghost.index - 1 + step) % #ghost.items + 1
  M._show(0)
end

--- Take away what is shown in the current buffer; whether there was anything.
---@return boolean
function M.dismiss()
  local was_shown = M.current() ~= nil
  M._hide(0)
  return was_shown
end

---@param buffer integer
---@param kind integer
function M._request(buffer, kind)
  buffer = buffer == 0 and vim.api.nvim_get_current_buf() or buffer
  local ghost = ghosts[buffer]
  local client = ghost and vim.lsp.get_client_by_id(ghost.client_id)
  if not client then
    return
  end
  M._cancel(buffer)
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = kind }
  local cursor, tick = vim.api.nvim_win_get_cursor(0), vim.api.nvim_buf_get_changedtick(buffer)
  local _, request = call(client, "request", METHOD, params, function(err, result)
    ghost.request = nil
    local is_current = vim.api.nvim_get_current_buf() == buffer
      and vim.api.nvim_buf_get_changedtick(buffer) == tick
      and vim.deep_equal(vim.api.nvim_win_get_cursor(0), cursor)
      and vim.api.nvim_get_mode().mode:find("^i")
    -- What is late is of no use: the next one is on its way.
    if err or not is_current then
      return
    end
    ghost.items = vim.tbl_map(function(item)
      return M._from_lsp(item, client, buffer, cursor)
    end, result and (result.items or result) or {})
    ghost.index = 1
    M._show(buffer)
  end, buffer)
  ghost.request = request
end

---@return recoder.Item
function M._from_lsp(item, client, buffer, cursor)
  local row, col = cursor[1] - 1, cursor[2]
  local end_col = col
  if item.range then
    col = byte(buffer, item.range.start, client.offset_encoding)
    end_col = byte(buffer, item.range["end"], client.offset_encoding)
  end
  return { text = item.insertText, row = row, col = col, end_col = end_col, command = item.command, client_id = client.id }
end

---@param buffer integer
function M._cancel(buffer)
  local ghost = ghosts[buffer]
  local client = ghost and ghost.request and vim.lsp.get_client_by_id(ghost.client_id)
  if client then
    call(client, "cancel_request", ghost.request)
    ghost.request = nil
  end
end

---@param buffer integer
function M._show(buffer)
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  local item = M.current()
  if not item then
    return
  end
  local rest, caret = suggestion.rest(item)
  local lines = vim.tbl_map(function(line)
    return { { line, "RecoderGhost" } }
  end, vim.split(rest --[[@as string]], "\n", { plain = true }))
  local ghost = ghosts[vim.api.nvim_get_current_buf()]
  if #ghost.items > 1 then
    table.insert(lines[#lines], { (" (%d/%d)"):format(ghost.index, #ghost.items), "RecoderGhost" })
  end
  vim.api.nvim_buf_set_extmark(buffer, namespace, item.row, caret, {
    virt_text = lines[1],
    virt_text_pos = item.end_col > item.col and "overlay" or "inline",
    virt_lines = #lines > 1 and vim.list_slice(lines, 2) or nil,
    hl_mode = "combine",
  })
end

---@param buffer integer
function M._hide(buffer)
  local ghost = ghosts[buffer == 0 and vim.api.nvim_get_current_buf() or buffer]
  if ghost then
    ghost.items = {}
  end
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
end

return M
