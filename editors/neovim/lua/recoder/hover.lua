-- Renews an open hover window when a model has described meanwhile what it is about.
local M = {}

local HOVER = "textDocument/hover"

--- Hear `recoder/hoverReady`.
---@param params lsp.TextDocumentPositionParams
function M.ready(_, params)
  local buffer = vim.uri_to_bufnr(params.textDocument.uri)
  local window = vim.b[buffer].lsp_floating_preview
  local is_open = window and vim.api.nvim_win_is_valid(window) and vim.w[window][HOVER] ~= nil
  -- Somebody who has gone into the window reads it.
  if not is_open or vim.api.nvim_get_current_buf() ~= buffer then
    return
  end
  local options = { focus = false, border = vim.api.nvim_win_get_config(window).border }
  if vim.fn.has("nvim-0.11") == 1 then
    vim.lsp.buf.hover(options)
  else
    vim.lsp.buf_request(buffer, HOVER, vim.lsp.util.make_position_params(), vim.lsp.with(vim.lsp.handlers.hover, options))
  end
end

return M
