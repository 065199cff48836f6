-- The connection to the server: how it is started, what it is told, and what happens when it breaks.
local call = require("recoder.call")
local server = require("recoder.server")

local M = {}

M.NAME = "recoder"

-- The first that is found above a file makes the folder that is indexed.
local ROOT_MARKERS = { ".recoder.toml", ".git" }

local MOST_RESTARTS = 3
local RESTARTS_WITHIN_MS = 60000
local RESTART_AFTER_MS = 500
local STOP_WITHIN_MS = 5000

---@type table<integer, table<integer, true>> Buffers of each client, by its id.
local buffers = {}
---@type integer[] When it was started again, in milliseconds.
local restarts = {}
---@type table<string|integer, fun(value: table)> Who hears what is streamed, by token.
local listeners = {}

local has_enable = vim.lsp.enable ~= nil

--- What Neovim is to start.
---@return table
function M.config()
  local options = require("recoder").options
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  if options.ghost_text ~= "off" then
    -- Said so that suggestions do not come as items of the menu, too.
    capabilities.textDocument.inlineCompletion = { dynamicRegistration = false }
  end
  -- Neovim does not say so, but can do it: changes have versions then, and tests may go into a new file.
  capabilities.workspace.workspaceEdit.documentChanges = true
  capabilities.experimental = { recoder = { hoverReady = true, statusChanged = true } }
  return {
    name = M.NAME,
    cmd = server.command() or options.cmd or { server.NAME },
    filetypes = options.filetypes,
    root_markers = ROOT_MARKERS,
    capabilities = capabilities,
    init_options = next(options.settings) and options.settings or nil,
    -- An empty table would be sent as a list.
    settings = { recoder = next(options.settings) and options.settings or vim.empty_dict() },
    commands = require("recoder.commands").handlers(),
    before_init = function(params)
      params.locale = M.locale()
    end,
    handlers = {
      ["$/progress"] = M._on_progress,
      ["window/showDocument"] = M._on_show_document,
      ["workspace/applyEdit"] = function(...) return require("recoder.changes").apply(...) end,
      ["recoder/hoverReady"] = function(...) require("recoder.hover").ready(...) end,
      ["recoder/statusChanged"] = function() require("recoder.status").look_again() end,
    },
    on_attach = M._on_attach,
    on_exit = M._on_exit,
  }
end

--- Start the server in all buffers of its file types, now and later.
function M.start_everywhere()
  if not server.command() then
    vim.notify("Recoder: the server was not found. `:Recoder install` installs it, `:checkhealth recoder` tells more.", vim.log.levels.WARN)
    return
  end
  local config = M.config()
  if has_enable then
    vim.lsp.config(M.NAME, config)
    vim.lsp.enable(M.NAME)
    return
  end
  local function start(buffer)
    if vim.bo[buffer].buftype == "" and vim.tbl_contains(config.filetypes, vim.bo[buffer].filetype) then
      local root = vim.fs.root(buffer, ROOT_MARKERS)
      vim.lsp.start(vim.tbl_extend("force", config, { root_dir = root }), { bufnr = buffer })
    end
  end
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("recoder.start", {}),
    callback = function(event)
      start(event.buf)
    end,
  })
  vim.iter(vim.api.nvim_list_bufs()):filter(vim.api.nvim_buf_is_loaded):each(start)
end

--- The language that the server is to speak, as in "de-AT"; nil where none is set.
---@return string?
function M.locale()
  -- Neovim says "C" where the system lacks the language that the environment names.
  local named = vim.v.lang ~= "C" and vim.v.lang or vim.env.LC_ALL or vim.env.LC_MESSAGES or vim.env.LANG or ""
  local language, country = named:match("^(%l%l%l?)_?(%u*)")
  return language and (country ~= "" and language .. "-" .. country or language)
end

--- The client of a buffer, else any that runs.
---@param buffer? integer
---@return vim.lsp.Client?
function M.of(buffer)
  return vim.lsp.get_clients({ name = M.NAME, bufnr = buffer or 0 })[1] or vim.lsp.get_clients({ name = M.NAME })[1]
end

--- Ask for a command.
---@param client vim.lsp.Client
---@param command string
---@param argument table
---@param done fun(problem: string?, result: any)
---@return integer? request With which it can be cancelled.
function M.execute(client, command, argument, done)
  local arguments = { next(argument) and argument or vim.empty_dict() }
  local _, request = call(client, "request", "workspace/executeCommand", { command = command, arguments = arguments }, function(err, result)
    done(err and err.message or nil, result)
  end)
  return request
end

--- Hear what is streamed under a token, until `M.unlisten`.
---@param hear fun(value: table)
---@return string token
function M.listen(hear)
  local token = ("recoder-nvim-%d"):format(vim.uv.hrtime())
  listeners[token] = hear
  return token
end

---@param token string
function M.unlisten(token)
  listeners[token] = nil
end

--- Change settings of the server while it runs, and those of the next one.
---@param settings table
function M.configure(settings)
  local options = require("recoder").options
  options.settings = vim.tbl_deep_extend("force", options.settings, settings)
  for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME })) do
    client.settings = { recoder = options.settings }
    call(client, "notify", "workspace/didChangeConfiguration", { settings = client.settings })
  end
end

--- Stop the server where it runs, and start it again in the same buffers; another one, where another is found by now.
function M.restart()
  restarts = {}
  local attached, command = {}, M.config().cmd
  for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME })) do
    local config = vim.tbl_extend("force", client.config, { cmd = command })
    attached[client.id] = { config = config, buffers = buffers[client.id] or {} }
    call(client, "stop")
  end
  if not next(attached) then
    M.start_everywhere()
    return
  end
  local function is_gone()
    return #vim.lsp.get_clients({ name = M.NAME }) == 0
  end
  if not vim.wait(STOP_WITHIN_MS, is_gone, 20) then
    -- One that is still there would be taken for the new one.
    for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME })) do
      call(client, "stop", true)
    end
    vim.wait(STOP_WITHIN_MS, is_gone, 20)
  end
  for _, each in pairs(attached) do
    M._start_in(each.config, each.buffers)
  end
end

function M._on_attach(client, buffer)
  buffers[client.id] = buffers[client.id] or {}
  buffers[client.id][buffer] = true
  require("recoder.ghost").attach(client, buffer)
  require("recoder.chat_file").attach(buffer)
  require("recoder.status").look_again()
end

function M._on_progress(err, params, context, config)
  local hear = params and listeners[params.token]
  if hear then
    hear(params.value)
    return
  end
  return vim.lsp.handlers["$/progress"](err, params, context, config)
end

--- Answers of commands come as files: they are shown beside the code, not in its place.
function M._on_show_document(err, params, context, config)
  local path = not params.external and params.uri:match("^file:") and vim.uri_to_fname(params.uri)
  local is_answer = path and not params.selection
  if not is_answer then
    return vim.lsp.handlers["window/showDocument"](err, params, context, config)
  end
  require("recoder.answers").show_file(path)
  return { success = true }
end

---@param code integer
---@param signal integer
---@param id integer
function M._on_exit(code, signal, id)
  -- 15 and 143: somebody wanted it to end.
  local is_crash = (code ~= 0 and code ~= 143) or (signal ~= 0 and signal ~= 15)
  local attached = buffers[id]
  buffers[id] = nil
  vim.schedule(function()
    require("recoder.chat").lost(id)
    require("recoder.review").lost(id)
  end)
  if is_crash and attached and vim.v.exiting == vim.NIL then
    vim.schedule(function()
      M._after_crash(attached)
    end)
  end
end

---@param attached table<integer, true>
function M._after_crash(attached)
  local now = vim.uv.now()
  restarts = vim.tbl_filter(function(at)
    return now - at < RESTARTS_WITHIN_MS
  end, restarts)
  if #restarts >= MOST_RESTARTS then
    vim.notify("Recoder stopped again and stays off: `:Recoder restart`, `:checkhealth recoder`", vim.log.levels.ERROR)
    return
  end
  table.insert(restarts, now)
  vim.notify("Recoder stopped unexpectedly and is started again.", vim.log.levels.WARN)
  vim.defer_fn(function()
    M._start_in(M.config(), attached)
  end, RESTART_AFTER_MS * #restarts)
end

---@param config table
---@param attached table<integer, true>
function M._start_in(config, attached)
  for buffer in pairs(attached) do
    if vim.api.nvim_buf_is_loaded(buffer) then
      local root = config.root_dir or vim.fs.root(buffer, ROOT_MARKERS)
      vim.lsp.start(vim.tbl_extend("force", config, { root_dir = root }), { bufnr = buffer })
    end
  end
end

return M
