-- Chat in Markdown files named `*.recoder.md`: above the last question there is a code lens that asks it.
local M = {}

--- Show the lens in this buffer, if it is such a file.
---@param buffer integer
function M.attach(buffer)
  if not vim.endswith(vim.api.nvim_buf_get_name(buffer), ".recoder.md") then
    return
  elseif vim.lsp.codelens.enable then
    vim.lsp.codelens.enable(true, { bufnr = buffer })
    return
  end
  local function refresh()
    vim.lsp.codelens.refresh({ bufnr = buffer })
  end
  vim.api.nvim_create_autocmd({ "BufEnter", "InsertLeave", "TextChanged" }, {
    group = vim.api.nvim_create_augroup("recoder.chat_file." .. buffer, {}),
    buffer = buffer,
    callback = refresh,
  })
  refresh()
end

return M
