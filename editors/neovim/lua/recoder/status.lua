-- A few words about the server for the status line. It is asked only while somebody looks, every few seconds.
local call = require("recoder.call")
local client_of = require("recoder.client").of

local M = {}

local FRESH_MS = 3000

local words = ""
local asked_at, is_asking = -math.huge, false

--- What the status line shows now.
---@return string
function M.text()
  local client = vim.lsp.get_clients({ name = "recoder", bufnr = 0 })[1]
  if not client then
    return ""
  end
  if vim.uv.now() - asked_at > FRESH_MS then
    M._ask()
  end
  return words
end

--- Look again when something that takes its time begins or ends.
function M.watch()
  vim.api.nvim_create_autocmd("LspProgress", {
    group = vim.api.nvim_create_augroup("recoder.status", {}),
    callback = M.look_again,
  })
end

--- Have what is shown asked for anew.
function M.look_again()
  asked_at = -math.huge
  vim.schedule(vim.cmd.redrawstatus)
end

--- What is worth saying about a status, the most important first.
---@param status table As `recoder/status` answers.
---@return string
function M.describe(status)
  local completion, engine, index = status.completion, status.engine, status.index
  if engine.error or engine.state == "failed" then
    return "Recoder: no model"
  elseif completion.state == "snoozed" then
    return ("Recoder: snoozed %d min"):format(math.ceil((completion.snoozed_s or 0) / 60))
  elseif completion.state == "saving" then
    return "Recoder: saving power"
  elseif engine.state == "loading" or status.chat.state == "loading" then
    return "Recoder: loading"
  elseif index.total > index.done and index.total > 0 then
    return ("Recoder: indexing %d%%"):format(math.floor(index.done * 100 / index.total))
  end
  return "Recoder"
end

function M._ask()
  local client = client_of(0)
  if is_asking or not client then
    return
  end
  is_asking, asked_at = true, vim.uv.now()
  local sent = call(client, "request", "recoder/status", vim.empty_dict(), function(err, status)
    is_asking = false
    local before = words
    words = err and "" or M.describe(status)
    if words ~= before then
      vim.cmd.redrawstatus()
    end
  end)
  is_asking = is_asking and sent
end

return M
