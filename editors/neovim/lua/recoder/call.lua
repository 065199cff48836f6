-- Calls a function of a client: `call(client, "request", ...)`. In Neovim 0.10 those are no methods yet.
local are_methods = vim.fn.has("nvim-0.11") == 1

---@param client vim.lsp.Client
---@param name "request"|"request_sync"|"notify"|"cancel_request"|"stop"
return function(client, name, ...)
  if are_methods then
    return client[name](client, ...)
  end
  return client[name](...)
end
