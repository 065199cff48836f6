-- What becomes of a change that the server asks for: it is shown first where a command of the user's makes it, else made at once.
local M = {}

--- The answer to `workspace/applyEdit`.
function M.apply(err, params, context, config)
  local client = vim.lsp.get_client_by_id(context.client_id)
  local late = client and M._why_too_late(params.edit)
  if late then
    return { applied = false, failureReason = late }
  end
  local uri, edits = M._only_document(params.edit)
  local is_asked_for = require("recoder").options.review and require("recoder.commands").is_changing()
  -- Answers are written into *.recoder.md files meanwhile. Without LuaJIT a handler cannot wait.
  if client and uri and is_asked_for and not vim.endswith(uri, ".recoder.md") and jit then
    return require("recoder.review").ask(client, uri, edits, params.label or "Recoder")
  end
  return vim.lsp.handlers["workspace/applyEdit"](err, params, context, config)
end

--- Neovim itself leaves out what is too late, and says that it was done.
---@param edit lsp.WorkspaceEdit
---@return string?
function M._why_too_late(edit)
  for _, change in ipairs(edit.documentChanges or {}) do
    local document = change.textDocument
    if change.kind == "create" and vim.uv.fs_stat(vim.uri_to_fname(change.uri)) then
      return "the file exists by now"
    elseif document and type(document.version) == "number" then
      local version = vim.lsp.util.buf_versions[vim.uri_to_bufnr(document.uri)]
      if version and version > document.version then
        return "the text has changed meanwhile"
      end
    end
  end
end

--- The document that a change is about, and its edits; nil where there are several, or files come into being.
---@param edit lsp.WorkspaceEdit
---@return string? uri, lsp.TextEdit[]?
function M._only_document(edit)
  local changes = edit.documentChanges
  if changes and #changes == 1 and not changes[1].kind then
    return changes[1].textDocument.uri, changes[1].edits
  elseif not changes and vim.tbl_count(edit.changes or {}) == 1 then
    return next(edit.changes)
  end
end

return M
