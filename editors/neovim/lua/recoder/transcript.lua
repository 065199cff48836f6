-- What was said in the chat, as a buffer of Markdown: writing into it, and what one can do with what it says.
local M = {}

M.NAME = "recoder://chat"

local namespace = vim.api.nvim_create_namespace("recoder.chat")

---@type table<integer, { path: string, line: integer }> Where links lead, by the extmark over each.
local targets = {}
---@type table<integer, integer> How many pieces of each answer have come.
local n_pieces = {}

---@return integer
local function buffer_of()
  local buffer = vim.fn.bufadd(M.NAME)
  if not vim.api.nvim_buf_is_loaded(buffer) then
    vim.bo[buffer].buftype, vim.bo[buffer].swapfile, vim.bo[buffer].buflisted = "nofile", false, false
    vim.fn.bufload(buffer)
    vim.bo[buffer].filetype = "recoderchat"
    vim.bo[buffer].modifiable = false
    if not pcall(vim.treesitter.start, buffer, "markdown") then
      vim.bo[buffer].syntax = "markdown"
    end
  end
  return buffer
end

---@return integer? window where it is shown
function M.window()
  local window = vim.fn.bufwinid(vim.fn.bufadd(M.NAME))
  return window ~= -1 and window or nil
end

---@param width integer
---@return integer window
function M.open(width)
  local buffer = buffer_of()
  vim.cmd(("botright %dvsplit"):format(math.min(width, math.floor(vim.o.columns / 2))))
  vim.api.nvim_win_set_buf(0, buffer)
  vim.wo.number, vim.wo.relativenumber, vim.wo.signcolumn = false, false, "no"
  vim.wo.wrap, vim.wo.linebreak, vim.wo.winfixwidth = true, true, true
  vim.wo.winbar = "Recoder (g? lists the keys)"
  return vim.api.nvim_get_current_win()
end

function M.clear()
  targets, n_pieces = {}, {}
  M._write(0, -1, {})
  vim.api.nvim_buf_clear_namespace(buffer_of(), namespace, 0, -1)
end

--- Write a question down, and begin the answer.
---@param message string
---@return integer answer What `M.add` and `M.finish` take.
function M.ask(message)
  M.say("You", message)
  return M.say("Recoder", "")
end

--- Write down who says something, and what.
---@param who string
---@param text string
---@return integer mark at its beginning
function M.say(who, text)
  local buffer = buffer_of()
  local last = vim.api.nvim_buf_line_count(buffer)
  local is_empty = last == 1 and vim.api.nvim_buf_get_lines(buffer, 0, 1, false)[1] == ""
  local lines = { "## " .. who, "", unpack(vim.split(text, "\n")) }
  if not is_empty then
    table.insert(lines, 1, "")
  end
  M._write(is_empty and 0 or last, -1, lines)
  local row = (is_empty and 0 or last + 1) + 2
  -- What is written there later comes behind it.
  return vim.api.nvim_buf_set_extmark(buffer, namespace, row, 0, { right_gravity = false })
end

--- Write the next piece of an answer.
---@param answer integer
---@param text string
function M.add(answer, text)
  local buffer = buffer_of()
  local last = vim.api.nvim_buf_line_count(buffer) - 1
  if not M._row(answer) then
    return
  end
  n_pieces[answer] = (n_pieces[answer] or 0) + 1
  local line = vim.api.nvim_buf_get_lines(buffer, last, last + 1, false)[1]
  local pieces = vim.split(text, "\n", { plain = true })
  pieces[1] = line .. pieces[1]
  M._write(last, -1, pieces)
end

--- Put the answer as it is at last in the place of its pieces.
---@param answer integer
---@param said { markdown: string, citations: table[], model: string }
function M.finish(answer, said)
  local row = M._row(answer)
  if not row then
    return
  end
  local lines = vim.split(vim.trim(said.markdown), "\n", { plain = true })
  vim.list_extend(lines, M._sources(said))
  M._write(row, -1, lines)
  M._fold_links(row)
  local window = M.window()
  if window and (n_pieces[answer] or 0) < 2 and #lines > vim.api.nvim_win_get_height(window) then
    -- What is long and comes all at once is read from its beginning.
    vim.api.nvim_win_call(window, function()
      vim.api.nvim_win_set_cursor(window, { row - 1, 0 })
      vim.cmd("normal! zt")
    end)
  end
end

--- Say something about the answer, below it.
---@param text string
function M.note(text)
  M._write(-1, -1, { "", "*" .. text .. "*" })
end

--- Open what the link at the cursor leads to, else the first of the line, in a window with code.
---@param window? integer
function M.open_link(window)
  local target = M._target_at_cursor()
  if not target then
    return
  end
  if window and vim.api.nvim_win_is_valid(window) then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd("topleft vsplit")
  end
  vim.cmd("edit " .. vim.fn.fnameescape(target.path))
  vim.cmd("normal! m'")
  vim.api.nvim_win_set_cursor(0, { math.min(target.line, vim.api.nvim_buf_line_count(0)), 0 })
  vim.cmd("normal! zz")
end

--- Copy the code block at the cursor, for `p`.
function M.yank_block()
  local block = M._block_at_cursor()
  if block then
    vim.fn.setreg('"', block, "l")
    vim.notify(("%d lines copied."):format(#block), vim.log.levels.INFO)
  end
end

--- Put the code block at the cursor below the cursor in the code.
---@param window? integer
function M.put_block(window)
  local block = M._block_at_cursor()
  if block and window and vim.api.nvim_win_is_valid(window) then
    vim.api.nvim_set_current_win(window)
    vim.api.nvim_put(block, "l", true, true)
  end
end

--- What a model's answer rests on, and the model. An answer without a model is made of its passages.
---@param said { citations: table[], model: string }
---@return string[]
function M._sources(said)
  if said.model == "" then
    return {}
  end
  local lines = { "" }
  for number, citation in ipairs(said.citations) do
    local first, last = citation.range.start.line + 1, citation.range["end"].line
    local path = vim.fn.fnamemodify(vim.uri_to_fname(citation.uri), ":.")
    local why = citation.why ~= "" and (" (%s)"):format(citation.why) or ""
    table.insert(lines, ("- [[%d] %s:%d-%d](%s#L%d)%s"):format(number, path, first, last, citation.uri, first, why))
  end
  return vim.list_extend(lines, #lines > 1 and { "", "*" .. said.model .. "*" } or { "*" .. said.model .. "*" })
end

---@param first integer
---@param last integer
---@param lines string[]
function M._write(first, last, lines)
  local buffer, window = buffer_of(), M.window()
  local follows = window and vim.api.nvim_win_get_cursor(window)[1] == vim.api.nvim_buf_line_count(buffer)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, first, last, false, lines)
  vim.bo[buffer].modifiable = false
  if follows then
    vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(buffer), 0 })
  end
end

---@param answer integer
---@return integer?
function M._row(answer)
  return vim.api.nvim_buf_get_extmark_by_id(buffer_of(), namespace, answer, {})[1]
end

--- Show of each link to a file only its text, from this row on, and remember where it leads.
---@param row integer
function M._fold_links(row)
  local buffer = buffer_of()
  vim.bo[buffer].modifiable = true
  for offset, line in ipairs(vim.api.nvim_buf_get_lines(buffer, row, -1, false)) do
    local start, stop, label, uri, number = line:find("%[(.-)%]%((file:[^)#]*)#?L?(%d*)%)")
    while start do
      -- The text itself may be in brackets, as in [[1]](...).
      vim.api.nvim_buf_set_text(buffer, row + offset - 1, start - 1, row + offset - 1, stop, { label })
      local mark = vim.api.nvim_buf_set_extmark(buffer, namespace, row + offset - 1, start - 1, {
        end_col = start - 1 + #label,
        hl_group = "RecoderCitation",
      })
      targets[mark] = { path = vim.uri_to_fname(uri), line = tonumber(number) or 1 }
      line = vim.api.nvim_buf_get_lines(buffer, row + offset - 1, row + offset, false)[1]
      start, stop, label, uri, number = line:find("%[(.-)%]%((file:[^)#]*)#?L?(%d*)%)", start + #label)
    end
  end
  vim.bo[buffer].modifiable = false
end

---@return { path: string, line: integer }?
function M._target_at_cursor()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local first
  local marks = vim.api.nvim_buf_get_extmarks(0, namespace, { row - 1, 0 }, { row - 1, -1 }, { details = true })
  for _, mark in ipairs(marks) do
    local id, _, start, details = unpack(mark)
    if targets[id] and start <= col and col < (details.end_col or start) then
      return targets[id]
    end
    first = first or targets[id]
  end
  return first
end

--- The lines between the fences around the cursor.
---@return string[]?
function M._block_at_cursor()
  local cursor = vim.api.nvim_win_get_cursor(0)[1]
  local block, fence, first
  for number, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    local ticks = line:match("^%s*(```+)")
    if fence and line:match("^%s*" .. fence .. "+%s*$") then
      if first <= cursor and cursor <= number then
        return block
      end
      fence = nil
    elseif fence then
      table.insert(block, line)
    elseif ticks then
      block, fence, first = {}, ticks, number
    end
  end
end

return M
