-- Shows what commands answer: files beside the code, hits in the quickfix list.
local M = {}

--- Open a file in a split of its own, or where it is shown already; `q` closes it.
---@param path string
function M.show_file(path)
  local buffer = vim.fn.bufadd(path)
  local window = vim.fn.bufwinid(buffer)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
    vim.cmd("silent edit!")
  else
    vim.cmd("botright split " .. vim.fn.fnameescape(path))
    vim.cmd("silent edit!")
  end
  vim.bo.bufhidden = "wipe"
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = 0, desc = "Close" })
end

--- List hits of `recoder.search`.
---@param answer { query: string, hits: table[] }
function M.show_hits(answer)
  if #answer.hits == 0 then
    vim.notify("Recoder found nothing.", vim.log.levels.INFO)
    return
  end
  local items = vim.tbl_map(function(hit)
    return {
      filename = vim.uri_to_fname(hit.uri),
      lnum = hit.range.start.line + 1,
      end_lnum = hit.range["end"].line,
      text = hit.symbol ~= "" and ("%s (%s)"):format(hit.symbol, hit.why) or hit.why,
    }
  end, answer.hits)
  vim.fn.setqflist({}, " ", { title = "Recoder: " .. answer.query, items = items })
  vim.cmd("botright copen")
end

return M
