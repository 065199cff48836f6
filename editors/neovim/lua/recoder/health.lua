-- `:checkhealth recoder`.
local server = require("recoder.server")

local M = {}

local DOCTOR_TIMEOUT_MS = 60000
local SAYS = { ok = vim.health.ok, warn = vim.health.warn, fail = vim.health.error }

function M.check()
  M._neovim()
  local command = server.command()
  M._server(command)
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
end

---@param command string[]?
function M._server(command)
  vim.health.start("Server")
  if not command then
    local named = require("recoder").options.cmd
    local where = named and named[1] or table.concat(server.places(), ", ")
    vim.health.error("The server was not found. Looked for: " .. where, { server.HINT })
    return
  end
  vim.health.ok(table.concat(command, " "))
  local clients = vim.lsp.get_clients({ name = "recoder" })
  for _, client in ipairs(clients) do
    local info = client.server_info or {}
    vim.health.ok(("Running: version %s for %s"):format(info.version or "unknown", client.config.root_dir or "single files"))
  end
  if #clients == 0 then
    vim.health.info("It does not run yet: open a file of one of these types: " .. table.concat(require("recoder").options.filetypes, ", "))
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
