-- The chat: a split with what was said, and below it a line for the next question. The server keeps the conversations.
local call = require("recoder.call")
local client_of = require("recoder.client").of
local listen, unlisten, execute = require("recoder.client").listen, require("recoder.client").unlisten, require("recoder.client").execute
local transcript = require("recoder.transcript")

local M = {}

local QUESTION_LINES = 3
local NAME_FOR_QUESTION = "recoder://question"

---@class recoder.Running What is being answered.
---@field client vim.lsp.Client
---@field request integer
---@field token string

---@type string? The conversation that goes on; without it the next question begins one.
local conversation
---@type recoder.Running?
local running
---@type table? What was selected when the chat was opened: the next question is about it.
local selected
---@type integer? The window with code that was used last.
local code_window

--- Open the chat, or go to it.
---@param place? table What is selected, as commands take it.
function M.open(place)
  M._remember_window()
  if place and place.range and not vim.deep_equal(place.range.start, place.range["end"]) then
    selected = place
  end
  local window = transcript.window()
  if not window then
    window = transcript.open(require("recoder").options.chat_width)
    M._map_transcript(vim.api.nvim_win_get_buf(window))
  end
  M._open_question(window)
end

--- Ask something; the answer is written below it while it comes.
---@param message string
function M.ask(message)
  local client = client_of(code_window and vim.api.nvim_win_is_valid(code_window) and vim.api.nvim_win_get_buf(code_window) or 0)
  if not client then
    return vim.notify("Recoder does not run: open a file first.", vim.log.levels.WARN)
  elseif running then
    return vim.notify("Recoder is still answering; CTRL-C stops it.", vim.log.levels.INFO)
  end
  local answer = transcript.ask(message)
  local token = listen(function(value)
    if value.kind == "begin" then
      conversation = value.conversationId
    elseif value.kind == "delta" then
      transcript.add(answer, value.text)
    end
  end)
  local argument = vim.tbl_extend("error", M._subject(), { message = message, conversationId = conversation, partialResultToken = token })
  running = { client = client, token = token }
  running.request = execute(client, "recoder.chat", argument, function(problem, result)
    M._over()
    if problem then
      transcript.finish(answer, { markdown = problem, citations = {}, model = "" })
    elseif result then
      conversation = result.conversationId or conversation
      transcript.finish(answer, result)
    end
  end)
end

--- Stop the answer that is being written; what was said stays.
function M.cancel()
  if running then
    call(running.client, "cancel_request", running.request)
    M._over()
    transcript.note("Stopped.")
  end
end

--- The server has ended, and with it what it was saying.
---@param client_id integer
function M.lost(client_id)
  if running and running.client.id == client_id then
    M._over()
    transcript.note("The server stopped.")
  end
end

--- Begin a new conversation.
function M.begin()
  M.cancel()
  conversation = nil
  transcript.clear()
end

--- Choose an earlier conversation, show it and go on with it.
function M.choose()
  M._remember_window()
  M._asked("recoder.chat.list", {}, function(answer)
    if #answer.conversations == 0 then
      return vim.notify("There is no conversation in this workspace yet.", vim.log.levels.INFO)
    end
    vim.ui.select(answer.conversations, {
      prompt = "Conversation",
      format_item = function(each)
        return ("%s  %s"):format(each.changedAt:sub(1, 10), each.title)
      end,
    }, function(chosen)
      if chosen then
        M._show(chosen.conversationId)
      end
    end)
  end)
end

--- Open this conversation as a file in which one can go on asking; it is not saved yet.
function M.export()
  M._asked("recoder.chat.export", { conversationId = conversation }, function(answer)
    vim.cmd.tabnew()
    vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(answer.markdown, "\n"))
    pcall(vim.api.nvim_buf_set_name, 0, vim.fs.joinpath(vim.fn.getcwd(), answer.fileName))
    vim.bo.filetype = "markdown"
  end)
end

--- Erase this conversation, after a question.
function M.erase()
  if not conversation or vim.fn.confirm("Erase this conversation?", "&Erase\n&Keep", 2) ~= 1 then
    return
  end
  M._asked("recoder.chat.erase", { conversationId = conversation }, M.begin)
end

---@param conversation_id string
function M._show(conversation_id)
  M._asked("recoder.chat.show", { conversationId = conversation_id }, function(answer)
    M.begin()
    M.open()
    conversation = answer.conversationId
    for _, message in ipairs(answer.messages) do
      if message.role == "user" then
        transcript.say("You", message.markdown)
      else
        transcript.finish(transcript.say("Recoder", ""), message)
      end
    end
  end)
end

---@param command string
---@param argument table
---@param done fun(answer: table)
function M._asked(command, argument, done)
  local client = client_of(0)
  if not client then
    return vim.notify("Recoder does not run: open a file first.", vim.log.levels.WARN)
  end
  execute(client, command, argument, function(problem, answer)
    if problem then
      return vim.notify("Recoder: " .. problem, vim.log.levels.WARN)
    end
    done(answer)
  end)
end

function M._over()
  if running then
    unlisten(running.token)
    running = nil
  end
end

--- Whether the cursor is in the chat, and not in code.
---@return boolean
function M.is_current()
  return vim.tbl_contains({ NAME_FOR_QUESTION, transcript.NAME }, vim.api.nvim_buf_get_name(0))
end

--- What the chat is about: what was selected when it was opened, else where the cursor stands in the code.
---@return table
function M.place()
  if selected or not (code_window and vim.api.nvim_win_is_valid(code_window)) then
    return vim.deepcopy(selected or {})
  end
  return vim.api.nvim_win_call(code_window, function()
    return require("recoder.commands").place({})
  end)
end

--- The same for the next question; what was selected was meant for one.
---@return table
function M._subject()
  local place = M.place()
  selected = nil
  return place
end

function M._remember_window()
  local function remember()
    if vim.bo.buftype == "" and vim.api.nvim_win_get_config(0).relative == "" then
      code_window = vim.api.nvim_get_current_win()
    end
  end
  remember()
  vim.api.nvim_create_autocmd("WinLeave", { group = vim.api.nvim_create_augroup("recoder.chat", {}), callback = remember })
end

---@param above integer
function M._open_question(above)
  local buffer = vim.fn.bufadd(NAME_FOR_QUESTION)
  local window = vim.fn.bufwinid(buffer)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
  else
    vim.bo[buffer].buftype = "nofile"
    vim.bo[buffer].swapfile = false
    vim.fn.bufload(buffer)
    vim.api.nvim_set_current_win(above)
    vim.cmd(("belowright %dsplit"):format(QUESTION_LINES))
    vim.api.nvim_win_set_buf(0, buffer)
    vim.wo.winfixheight, vim.wo.number, vim.wo.relativenumber, vim.wo.signcolumn = true, false, false, "no"
    vim.wo.wrap, vim.wo.linebreak = true, true
    M._map_question(buffer)
  end
  vim.wo.winbar = selected and "Ask about the selection (Enter sends)" or "Ask Recoder (Enter sends)"
  vim.cmd.startinsert()
end

---@param buffer integer
function M._map_question(buffer)
  local function send()
    local message = vim.trim(table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n"))
    if message ~= "" and not running then
      vim.api.nvim_buf_set_lines(buffer, 0, -1, false, {})
      vim.wo.winbar = "Ask Recoder (Enter sends)"
    end
    if message ~= "" then
      M.ask(message)
    end
  end
  local function map(modes, key, does, what)
    vim.keymap.set(modes, key, does, { buffer = buffer, desc = "Recoder: " .. what })
  end
  map({ "i", "n" }, "<CR>", send, "send the question")
  map({ "i", "n" }, "<C-c>", M.cancel, "stop the answer")
  map("n", "q", M.close, "close the chat")
end

---@param buffer integer
function M._map_transcript(buffer)
  local function map(key, does, what)
    vim.keymap.set("n", key, does, { buffer = buffer, nowait = true, desc = "Recoder: " .. what })
  end
  map("<CR>", function() transcript.open_link(code_window) end, "open what is cited")
  map("gy", transcript.yank_block, "copy the code block")
  map("gp", function() transcript.put_block(code_window) end, "put the code block below the cursor in the code")
  map("gn", M.begin, "new conversation")
  map("gh", M.choose, "earlier conversations")
  map("ge", M.export, "export as Markdown")
  map("gX", M.erase, "erase this conversation")
  map("<C-c>", M.cancel, "stop the answer")
  map("i", function() M._open_question(vim.api.nvim_get_current_win()) end, "ask")
  map("q", M.close, "close the chat")
  map("g?", "<Cmd>help recoder-chat<CR>", "help")
end

--- Close its windows; the conversation stays.
function M.close()
  vim.cmd.stopinsert()
  for _, name in ipairs({ NAME_FOR_QUESTION, transcript.NAME }) do
    local window = vim.fn.bufwinid(vim.fn.bufadd(name))
    if window ~= -1 then
      vim.api.nvim_win_close(window, false)
    end
  end
end

return M
