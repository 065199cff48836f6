-- A few words about the server for the status line. It is asked when it says that there is something new, and only where somebody looks.
local call = require("recoder.call")
local client_of = require("recoder.client").of

local M = {}

---@type table? What the server said last, as `recoder/status` answers.
local known
---@type integer When that was, in milliseconds.
local known_at = 0
local is_old, is_asking = true, false

--- What the status line shows now.
---@return string
function M.text()
  if require("recoder.install").is_running() then
    return "Recoder: installing"
  elseif not vim.lsp.get_clients({ name = "recoder", bufnr = 0 })[1] then
    return ""
  end
  if is_old then
    M._ask()
  end
  return known and M.describe(known, (vim.uv.now() - known_at) / 1000) or ""
end

--- Have what is shown asked for anew.
function M.look_again()
  is_old = true
  vim.schedule(function()
    vim.cmd("redrawstatus!")
  end)
end

--- What is worth saying about a status, the most important first.
---@param status table As `recoder/status` answers.
---@param age_s number How long ago it was.
---@return string
function M.describe(status, age_s)
  local completion, engine, index = status.completion, status.engine, status.index
  if engine.error or engine.state == "failed" then
    return "Recoder: no model"
  elseif completion.state == "snoozed" then
    return ("Recoder: snoozed %d min"):format(math.ceil(math.max((completion.snoozed_s or 0) - age_s, 0) / 60))
  elseif completion.state == "saving" then
    return "Recoder: saving power"
  elseif engine.state == "loading" or status.chat.state == "loading" then
    return "Recoder: loading"
  elseif vim.tbl_contains({ "scanning", "indexing", "vectors" }, index.state) then
    return "Recoder: indexing"
  end
  return "Recoder"
end

function M._ask()
  local client = client_of(0)
  if is_asking or not client then
    return
  end
  is_old = false
  is_asking = call(client, "request", "recoder/status", vim.empty_dict(), function(err, status)
    is_asking = false
    if not err then
      known, known_at = status, vim.uv.now()
    end
    vim.cmd("redrawstatus!")
  end)
end

return M
