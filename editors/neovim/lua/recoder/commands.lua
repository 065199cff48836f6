-- `:Recoder NAME ...`: the server's commands, as it announces them, and the few that are only Neovim's.
local call = require("recoder.call")
local client_of = require("recoder.client").of

local M = {}

-- What the words behind a name are for the server; other commands take none.
local OPTION = { edit = "instruction", refactor = "instruction", fix = "message", search = "query", snooze = "minutes" }
-- Commands of the server's that an editor sends by itself, or that the chat has keys for.
local HIDDEN = { "accepted", "action", "chat.show", "chat.list", "chat.export", "chat.erase" }

---@type table<integer, integer> Clients of the requests that run, by the request.
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
  cancel = function()
    M.cancel()
    require("recoder.chat").cancel()
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
  local argument = M.place(input)
  if words ~= "" and OPTION[name] then
    argument[OPTION[name]] = OPTION[name] == "minutes" and tonumber(words) or words
  end
  argument.rebuild = name == "reindex" and input.bang or nil
  argument.show = not SHOWN[name] and nil
  M._execute(client, name, argument)
end

--- Stop what was asked for by `:Recoder`.
function M.cancel()
  for request, id in pairs(running) do
    local client = vim.lsp.get_client_by_id(id)
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
  if line:match("^%S*Recoder!?%s+%S+%s") then
    return {}
  end
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
  return vim.tbl_filter(function(name)
    return vim.startswith(name, typed)
  end, names)
end

---@param client vim.lsp.Client
---@param name string
---@param argument table
function M._execute(client, name, argument)
  local request
  request = require("recoder.client").execute(client, "recoder." .. name, argument, function(problem, result)
    running[request or -1] = nil
    require("recoder.status").look_again()
    if problem then
      vim.notify("Recoder: " .. problem, vim.log.levels.WARN)
    elseif result and SHOWN[name] then
      SHOWN[name](result)
    end
  end)
  if request then
    running[request] = client.id
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
