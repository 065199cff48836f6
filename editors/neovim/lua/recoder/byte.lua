-- The column of a position in bytes: `byte(buffer, position, encoding)`. Behind the end of a line it is its end.
---@param buffer integer
---@param position lsp.Position
---@param encoding string
---@return integer
return function(buffer, position, encoding)
  local line = vim.api.nvim_buf_get_lines(buffer, position.line, position.line + 1, false)[1] or ""
  if encoding == "utf-8" then
    return math.min(position.character, #line)
  elseif vim.fn.has("nvim-0.11") == 1 then
    return vim.str_byteindex(line, encoding, position.character, false)
  end
  local is_inside, byte = pcall(vim.str_byteindex, line, position.character, encoding == "utf-16")
  return is_inside and byte or #line
end
