-- `:checkhealth recoder`.
local call = require("recoder.call")
local server = require("recoder.server")

local M = {}

local STATUS_TIMEOUT_MS = 5000
local DOCTOR_TIMEOUT_MS = 60000
local SAYS = { ok = vim.health.ok, warn = vim.health.warn, fail = vim.health.error }

function M.check()
  M._neovim()
  local command = server.command()
  M._server(command)
  for _, client in ipairs(vim.lsp.get_clients({ name = "recoder" })) do
    M._running(client)
  end
  if command then
    M._doctor(command)
  end
end

function M._neovim()
  vim.health.start("Neovim")
  if vim.fn.has("nvim-0.10") == 0 then
    vim.health.error("Neovim 0.10 or later is needed.")
    return
  end
  vim.health.ok(("Neovim %s"):format(tostring(vim.version())))
  local ghost_text = require("recoder").options.ghost_text
  if ghost_text == "off" then
    vim.health.info("Ghost text is off (setup({ ghost_text = ... })).")
  elseif vim.lsp.inline_completion and ghost_text == "auto" then
    vim.health.ok("Ghost text by Neovim's own vim.lsp.inline_completion.")
  else
    vim.health.ok("Ghost text by this plugin.")
  end
  if not pcall(vim.treesitter.language.inspect, "markdown") then
    vim.health.info("There is no tree-sitter parser for Markdown: answers in the chat have less colour.")
  end
end

---@param command string[]?
function M._server(command)
  vim.health.start("Server")
  if not command then
    local named = require("recoder").options.cmd
    local where = named and named[1] or table.concat(server.places(), ", ")
    vim.health.error("The server was not found. Looked for: " .. where, { server.HINT })
    local install = require("recoder.install")
    if not install.sources() then
      vim.health.warn("`:Recoder install` cannot install it: this copy of the plugin has no server beside it.")
    elseif not install.python() then
      vim.health.warn("`:Recoder install` needs Python 3.11, 3.12 or 3.13 with venv, and found none.", { "On Debian: apt-get install python3-venv" })
    end
    return
  end
  vim.health.ok(table.concat(command, " "))
  if #vim.lsp.get_clients({ name = "recoder" }) == 0 then
    local types = table.concat(require("recoder").options.filetypes, ", ")
    vim.health.info(("It does not run: open a file of one of these types: %s. What it says goes to %s"):format(types, require("vim.lsp.log").get_filename()))
  end
end

--- A server that runs, by what it says of itself: it has the settings of setup(), which the doctor has not.
---@param client vim.lsp.Client
function M._running(client)
  vim.health.start("Running for " .. (client.config.root_dir or "single files"))
  local info = client.server_info or {}
  vim.health.ok(("Running: version %s, positions in %s"):format(info.version or "unknown", client.offset_encoding))
  local answer = call(client, "request_sync", "recoder/status", vim.empty_dict(), STATUS_TIMEOUT_MS, 0)
  local status = answer and answer.result
  if not status then
    vim.health.error("It does not answer.", { "`:Recoder restart`" })
    return
  end
  for _, each in ipairs({ { "Completion", status.engine }, { "Chat", status.chat } }) do
    local what, model = unpack(each)
    if model.error then
      vim.health.error(("%s model: %s"):format(what, model.error))
    else
      local none = "none: setup({ settings = { models = { chat = ... } } }) names one"
      vim.health.ok(("%s model: %s"):format(what, type(model.model) == "string" and model.model or none))
    end
  end
  local files = ("Index: %d files"):format(status.index.files)
  if status.index.reason then
    vim.health.warn(files .. "; " .. status.index.reason)
  else
    vim.health.ok(files)
  end
  M._keys(client)
end

--- Keys of ghost text that somebody else has mapped since.
---@param client vim.lsp.Client
function M._keys(client)
  local buffer = vim.iter(vim.api.nvim_list_bufs()):find(function(each)
    return vim.lsp.buf_is_attached(each, client.id)
  end)
  local options = require("recoder").options
  for name, key in pairs(buffer and options.ghost_text ~= "off" and options.keys or {}) do
    local mapped = key and vim.api.nvim_buf_call(buffer, function()
      return vim.fn.maparg(key, "i", false, true)
    end)
    if mapped and not vim.startswith(mapped.desc or "", "Recoder: ") then
      vim.health.warn(("%s does not %s: something else has mapped it."):format(key, name:gsub("_", " ")), {
        "setup({ keys = ... }) names other keys; see :verbose imap " .. key,
      })
    end
  end
end

---@param command string[]
function M._doctor(command)
  vim.health.start("recoder-lsp doctor")
  local ended = vim.system(vim.list_extend(vim.deepcopy(command), { "doctor", "--json" }), { text = true }):wait(DOCTOR_TIMEOUT_MS)
  local is_json, report = pcall(vim.json.decode, ended.stdout or "")
  if not is_json or type(report) ~= "table" then
    vim.health.error("It gave no report.", { vim.trim(ended.stderr or "") })
    return
  end
  for _, finding in ipairs(report.findings) do
    local hint = finding.hint ~= "" and finding.verdict ~= "ok" and { finding.hint } or nil
    SAYS[finding.verdict](("%s: %s"):format(finding.subject, finding.text), hint)
  end
end

return M
