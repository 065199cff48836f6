-- Shows what a change would do, beside the text as it is, and makes it only when the user accepts it.
local byte = require("recoder.byte")

local M = {}

local NAME = "recoder://change"
local namespace = vim.api.nvim_create_namespace("recoder.review")

---@class recoder.Review What is shown, or waits to be shown.
---@field buffer integer What would change.
---@field edits fun(): lsp.TextEdit[]?
---@field decided fun(answer: table)
---@field client_id integer
---@field tab? integer Where it is shown.
---@field asked_from? integer The window to go back to.

---@type recoder.Review?
local open

--- How many changes were discarded so far.
M.n_discarded = 0

--- Show a change and wait, in a coroutine, for what the user says: the answer to `workspace/applyEdit`.
---@param client vim.lsp.Client
---@param uri string
---@param edits lsp.TextEdit[]
---@param label string
---@return table
function M.ask(client, uri, edits, label)
  M.discard()
  local buffer, thread = vim.uri_to_bufnr(uri), coroutine.running()
  vim.fn.bufload(buffer)
  local review = { client_id = client.id, buffer = buffer, edits = M._followed(buffer, edits, client.offset_encoding) }
  review.decided = function(answer)
    if vim.api.nvim_buf_is_valid(buffer) then
      vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
    end
    vim.schedule(function()
      assert(coroutine.resume(thread, answer))
    end)
  end
  open = review
  M._when_nobody_types(function()
    if open == review and not review.tab then
      M._show(review, label)
    end
  end)
  return coroutine.yield()
end

--- Make the change that is shown.
function M.accept()
  local review = M._close()
  if not review then
    return vim.notify("Recoder shows no change.", vim.log.levels.INFO)
  end
  local edits = review.edits()
  if not edits then
    review.decided({ applied = false, failureReason = "this text has changed meanwhile" })
    return
  end
  vim.lsp.util.apply_text_edits(edits, review.buffer, "utf-8")
  review.decided({ applied = true })
end

--- Leave the text as it is.
function M.discard()
  local review = M._close()
  if review then
    M.n_discarded = M.n_discarded + 1
    review.decided({ applied = false, failureReason = "discarded" })
  end
end

--- The server has ended, and with it what it would have changed.
---@param client_id integer
function M.lost(client_id)
  if open and open.client_id == client_id then
    M.discard()
  end
end

--- The edits as they are when this is called, wherever typing elsewhere has moved them; nil once what they replace is another text.
---@param buffer integer
---@param edits lsp.TextEdit[]
---@param encoding string
---@return fun(): lsp.TextEdit[]?
function M._followed(buffer, edits, encoding)
  local followed = vim.tbl_map(function(edit)
    local start, stop = edit.range.start, edit.range["end"]
    local mark = vim.api.nvim_buf_set_extmark(buffer, namespace, start.line, byte(buffer, start, encoding), {
      end_row = stop.line,
      end_col = byte(buffer, stop, encoding),
      -- What is typed at its ends is not in it, and both ends of nothing stay together.
      end_right_gravity = vim.deep_equal(start, stop),
      strict = false,
    })
    return { mark = mark, text = edit.newText }
  end, edits)
  local function place_of(each)
    local row, col, details = unpack(vim.api.nvim_buf_get_extmark_by_id(buffer, namespace, each.mark, { details = true }))
    -- None where the file was read anew.
    return details and { row, col, details.end_row, details.end_col }
  end
  for _, each in ipairs(followed) do
    each.before = M._text(buffer, place_of(each))
  end
  return function()
    local now = {}
    for _, each in ipairs(vim.api.nvim_buf_is_loaded(buffer) and followed or {}) do
      local place = place_of(each)
      if not place or M._text(buffer, place) ~= each.before then
        return nil
      end
      local start, stop = { line = place[1], character = place[2] }, { line = place[3], character = place[4] }
      table.insert(now, { range = { start = start, ["end"] = stop }, newText = each.text })
    end
    return #now > 0 and now or nil
  end
end

--- The text between two places; the second may be behind the last line.
---@param buffer integer
---@param place integer[]
---@return string
function M._text(buffer, place)
  local row, col, end_row, end_col = unpack(place)
  local lines = vim.api.nvim_buf_get_lines(buffer, row, end_row + 1, false)
  if end_row < vim.api.nvim_buf_line_count(buffer) then
    lines[#lines] = lines[#lines]:sub(1, end_col)
  end
  lines[1] = lines[1] and lines[1]:sub(col + 1)
  return table.concat(lines, "\n")
end

--- Do something at once in normal mode, else when it comes back: keys that are being typed must not land elsewhere.
---@param act fun()
function M._when_nobody_types(act)
  local function is_free()
    return vim.api.nvim_get_mode().mode == "n"
  end
  if is_free() then
    return act()
  end
  vim.notify("Recoder has a change to show: leave insert mode.", vim.log.levels.INFO)
  vim.api.nvim_create_autocmd({ "ModeChanged", "SafeState" }, {
    group = vim.api.nvim_create_augroup("recoder.review.waits", {}),
    callback = function()
      if is_free() then
        vim.schedule(act)
        return true
      end
    end,
  })
end

---@param review recoder.Review
---@param label string
function M._show(review, label)
  local edits = review.edits()
  if not edits then
    -- It says that it is too late.
    return M.accept()
  end
  local proposal = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(proposal, NAME)
  vim.api.nvim_buf_set_lines(proposal, 0, -1, false, vim.api.nvim_buf_get_lines(review.buffer, 0, -1, false))
  vim.lsp.util.apply_text_edits(edits, proposal, "utf-8")
  vim.bo[proposal].buflisted, vim.bo[proposal].modifiable, vim.bo[proposal].bufhidden = false, false, "wipe"
  -- Not the file type: that would have servers and plugins come.
  vim.bo[proposal].syntax = vim.bo[review.buffer].filetype

  review.asked_from = vim.api.nvim_get_current_win()
  vim.cmd.tabnew()
  vim.bo.bufhidden = "wipe"
  review.tab = vim.api.nvim_get_current_tabpage()
  M._fill(review.buffer, "As it is")
  vim.cmd("rightbelow vsplit")
  M._fill(proposal, label .. "  (ga accepts, q discards)")
  local first = vim.iter(edits):fold(math.huge, function(line, edit)
    return math.min(line, edit.range.start.line)
  end)
  vim.api.nvim_win_set_cursor(0, { math.min(first + 1, vim.api.nvim_buf_line_count(proposal)), 0 })

  local function map(key, does, what)
    vim.keymap.set("n", key, does, { buffer = proposal, nowait = true, desc = "Recoder: " .. what })
  end
  map("ga", M.accept, "accept the change")
  map("q", M.discard, "discard the change")
  map("g?", "<Cmd>help recoder-review<CR>", "help")
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = proposal,
    callback = function()
      if open == review then
        vim.schedule(M.discard)
      end
    end,
  })
end

--- Show a buffer in the current window, compared with the other one.
---@param buffer integer
---@param title string
function M._fill(buffer, title)
  vim.api.nvim_win_set_buf(0, buffer)
  vim.wo[0][0].winbar = title:gsub("%%", "%%%%")
  vim.cmd.diffthis()
end

--- Put away what is shown; what it was.
---@return recoder.Review?
function M._close()
  local review = open
  open = nil
  if review and review.tab then
    if vim.api.nvim_tabpage_is_valid(review.tab) and #vim.api.nvim_list_tabpages() > 1 then
      vim.cmd.tabclose(vim.api.nvim_tabpage_get_number(review.tab))
    end
    if vim.api.nvim_win_is_valid(review.asked_from) then
      vim.api.nvim_set_current_win(review.asked_from)
    end
  end
  return review
end

return M
