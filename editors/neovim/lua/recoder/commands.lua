-- `:Recoder NAME ...`: the server's commands, as it announces them, and the few that are only Neovim's.
local call = require("recoder.call")
local client_of = require("recoder.client").of

local M = {}

-- What the words behind a name are for the server; other commands take none.
local OPTION = { edit = "instruction", refactor = "instruction", fix = "message", search = "query", snooze = "minutes" }
-- Commands of the server's that an editor sends by itself, or that the chat has keys for.
local HIDDEN = { "accepted", "action", "chat.show", "chat.list", "chat.export", "chat.erase" }

-- Those whose changes are shown before they are made.
local CHANGE_CODE = { "edit", "refactor", "simplify", "types", "fix", "docs", "tests" }
-- What people write behind a name, for completion.
local OFTEN = {
  chat = { "/explain", "/fix", "/tests", "/docs", "/refactor", "/search", "/commit" },
  snooze = { "0", "5", "30", "60" },
}

---@type table<integer, { client_id: integer, name: string }> The requests that run.
local running = {}

--- Those of this plugin: each takes what nvim_create_user_command gives, and the words behind the name.
---@type table<string, fun(input: table, words: string)>
M.OURS = {
  chat = function(input, words)
    require("recoder.chat").open(M.place(input))
    if words ~= "" then
      require("recoder.chat").ask(words)
    end
  end,
  history = function()
    require("recoder.chat").choose()
  end,
  explain = function(input)
    require("recoder.chat").open(M.place(input))
    require("recoder.chat").ask("/explain")
  end,
  accept = function()
    require("recoder.review").accept()
  end,
  discard = function()
    require("recoder.review").discard()
  end,
  cancel = function()
    M.cancel()
    require("recoder.chat").cancel()
    require("recoder.review").discard()
    require("recoder.install").stop()
  end,
  install = function()
    require("recoder.install").install()
  end,
  restart = function()
    require("recoder.client").restart()
  end,
}

--- How some answers are shown; the others the server shows by itself.
local SHOWN = {
  search = function(answer)
    require("recoder.answers").show_hits(answer)
  end,
}

---@param input table
function M.run(input)
  local name, words = input.args:match("^(%S*)%s*(.-)%s*$")
  name = name == "" and "chat" or name
  if M.OURS[name] then
    return M.OURS[name](input, words)
  end
  local client = client_of(0)
  if not client then
    return vim.notify("Recoder does not run here. :checkhealth recoder may tell why.", vim.log.levels.WARN)
  end
  local chat = require("recoder.chat")
  local argument = chat.is_current() and chat.place() or M.place(input)
  if words ~= "" and OPTION[name] then
    argument[OPTION[name]] = OPTION[name] == "minutes" and tonumber(words) or words
  end
  argument.rebuild = name == "reindex" and input.bang or nil
  argument.show = not SHOWN[name] and nil
  M._execute(client, name, argument)
end

--- Whether a command is at work that changes code.
---@return boolean
function M.is_changing()
  return vim.iter(pairs(running)):any(function(_, each)
    return vim.tbl_contains(CHANGE_CODE, each.name)
  end)
end

--- What code actions and code lenses do that are commands, as a client's configuration has it.
---@return table<string, fun(command: lsp.Command, context: table)>
function M.handlers()
  local handlers = {
    ["recoder.explain"] = function(command)
      require("recoder.chat").open((command.arguments or {})[1])
      require("recoder.chat").ask("/explain")
    end,
  }
  for _, name in ipairs(CHANGE_CODE) do
    handlers["recoder." .. name] = function(command, context)
      local client = vim.lsp.get_client_by_id(context.client_id)
      if client then
        M._execute(client, name, (command.arguments or {})[1] or {})
      end
    end
  end
  return handlers
end

--- Stop what was asked for by `:Recoder`.
function M.cancel()
  for request, each in pairs(running) do
    local client = vim.lsp.get_client_by_id(each.client_id)
    if client then
      call(client, "cancel_request", request)
    end
  end
  running = {}
end

---@param typed string
---@param line string
---@return string[]
function M.complete(typed, line)
  local named = line:match("Recoder!?%s+(%S+)%s")
  local names = named and (OFTEN[named] or {}) or M._names()
  return vim.tbl_filter(function(name)
    return vim.startswith(name, typed)
  end, names)
end

---@return string[]
function M._names()
  local names = vim.tbl_keys(M.OURS)
  local client = client_of(0)
  local provider = client and client.server_capabilities.executeCommandProvider
  for _, command in ipairs(provider and provider.commands or {}) do
    local name = command:gsub("^recoder%.", "")
    if not M.OURS[name] and not vim.tbl_contains(HIDDEN, name) then
      table.insert(names, name)
    end
  end
  table.sort(names)
  return names
end

---@param client vim.lsp.Client
---@param name string
---@param argument table
function M._execute(client, name, argument)
  local request
  local n_discarded = require("recoder.review").n_discarded
  request = require("recoder.client").execute(client, "recoder." .. name, argument, function(problem, result)
    running[request or -1] = nil
    -- Where somebody discards a change, the server only hears that it was not made.
    if problem and require("recoder.review").n_discarded == n_discarded then
      vim.notify("Recoder: " .. problem, vim.log.levels.WARN)
    elseif result and SHOWN[name] then
      SHOWN[name](result)
    end
  end)
  if request then
    running[request] = { client_id = client.id, name = name }
  end
end

--- The document, and the selected lines or the cursor, as commands take them. A selection of whole characters counts as that.
---@param input table
---@return table
function M.place(input)
  local buffer = vim.api.nvim_get_current_buf()
  local client = vim.lsp.get_clients({ name = "recoder", bufnr = buffer })[1]
  if not client then
    return {}
  end
  local util = vim.lsp.util
  local document = { textDocument = { uri = vim.uri_from_bufnr(buffer) } }
  if not input.range or input.range == 0 then
    local position = util.make_position_params(0, client.offset_encoding).position
    document.range = { start = position, ["end"] = position }
    return document
  end
  local first, last = vim.api.nvim_buf_get_mark(buffer, "<"), vim.api.nvim_buf_get_mark(buffer, ">")
  local is_visual = first[1] == input.line1 and last[1] == input.line2
  if is_visual and vim.fn.visualmode() == "v" then
    document.range = util.make_given_range_params(first, last, buffer, client.offset_encoding).range
  else
    local ends = { input.line2, math.max(#vim.fn.getline(input.line2) - 1, 0) }
    document.range = util.make_given_range_params({ input.line1, 0 }, ends, buffer, client.offset_encoding).range
  end
  return document
end

return M
