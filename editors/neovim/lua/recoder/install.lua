-- Installs the server, from the sources that this plugin lies in, into a virtual environment of its own; when the user asks for it.
local server = require("recoder.server")

local M = {}

local NAME = "recoder://install"
local LINES = 12
local PYTHONS = { "python3.13", "python3.12", "python3.11", "python3", "python" }
local IS_FIT = "import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"
local SOURCES = { "pyproject.toml", "README.md", "LICENSE", "recoder_lsp" }
local PIP = { "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--constraint" }

---@class recoder.Installing What is being installed.
---@field process? vim.SystemObj
---@field is_stopped boolean

---@type recoder.Installing?
local installing

---@return boolean
function M.is_running()
  return installing ~= nil
end

--- Install it, or the version of these sources in the place of the one that is there, if the user says yes.
function M.install()
  if installing then
    return M._show()
  end
  local folder, sources = server.own_folder(), M.sources()
  local python = M.python()
  if not sources then
    return vim.notify("Recoder: this copy of the plugin has no server beside it.", vim.log.levels.ERROR)
  elseif not python then
    return vim.notify("Recoder: Python 3.11, 3.12 or 3.13 with venv is needed, and none was found.", vim.log.levels.ERROR)
  end
  local question = "Install Recoder's server into %s?\nIt takes some minutes; pip fetches what it needs, some hundred megabytes."
  if vim.fn.confirm(question:format(folder), "&Install\n&Not now", 2) == 1 then
    installing = { is_stopped = false }
    M._show()
    vim.cmd("redrawstatus!")
    coroutine.wrap(M._make)(python, folder, sources)
  end
end

--- Stop it; whether there was anything to stop.
---@return boolean
function M.stop()
  if not installing then
    return false
  end
  installing.is_stopped = true
  if installing.process then
    -- pip compiles, so what is stopped is a group of processes.
    vim.uv.kill(-installing.process.pid, "sigterm")
  end
  return true
end

--- The folder with the sources of the server, which this plugin is a part of.
---@return string?
function M.sources()
  local here = vim.uv.fs_realpath(debug.getinfo(1, "S").source:sub(2))
  local root = here and here:match("^(.*)/editors/neovim/")
  return root and vim.uv.fs_stat(vim.fs.joinpath(root, "pyproject.toml")) and root or nil
end

--- A Python that the server runs with.
---@return string?
function M.python()
  local named = require("recoder").options.python
  for _, name in ipairs(named and { named } or PYTHONS) do
    local path = vim.fn.exepath(name)
    if path ~= "" and vim.system({ path, "-c", IS_FIT }):wait().code == 0 then
      return path
    end
  end
end

---@param python string
---@param folder string
---@param sources string
function M._make(python, folder, sources)
  local is_new = not vim.uv.fs_stat(folder)
  local copy = vim.fn.tempname()
  M._copy(sources, copy)
  local pip = vim.list_extend({ vim.fs.joinpath(folder, "bin", "python") }, PIP)
  vim.list_extend(pip, { vim.fs.joinpath(sources, "constraints.txt"), copy })
  local is_done = M._run({ python, "-m", "venv", folder }) and M._run(pip)

  local is_stopped = installing and installing.is_stopped
  installing = nil
  vim.fn.delete(copy, "rf")
  vim.cmd("redrawstatus!")
  if is_done then
    M._close()
    vim.notify("Recoder: the server is installed.", vim.log.levels.INFO)
    require("recoder.client").restart()
    return
  elseif is_new then
    -- Half of an environment is of no use.
    vim.fn.delete(folder, "rf")
  end
  M._write({ "", is_stopped and "Stopped." or "It failed: the lines above tell why." })
  vim.notify(is_stopped and "Recoder: stopped." or "Recoder: the server could not be installed.", vim.log.levels.WARN)
end

--- A copy, because setuptools builds beside the sources, and takes what earlier builds have left there.
---@param sources string
---@param copy string
function M._copy(sources, copy)
  for _, part in ipairs(SOURCES) do
    local from, to = vim.fs.joinpath(sources, part), vim.fs.joinpath(copy, part)
    if vim.fn.isdirectory(from) == 0 then
      vim.fn.mkdir(vim.fs.dirname(to), "p")
      assert(vim.uv.fs_copyfile(from, to))
    else
      for name, kind in vim.fs.dir(from, { depth = math.huge }) do
        if kind == "file" and not name:find("__pycache__", 1, true) then
          local file = vim.fs.joinpath(to, name)
          vim.fn.mkdir(vim.fs.dirname(file), "p")
          assert(vim.uv.fs_copyfile(vim.fs.joinpath(from, name), file))
        end
      end
    end
  end
end

--- Run a program, in a coroutine; whether it ended well. What it prints is shown.
---@param command string[]
---@return boolean
function M._run(command)
  if installing.is_stopped then
    return false
  end
  local thread = coroutine.running()
  M._write({ "$ " .. table.concat(command, " ") })
  local options = { detach = true, stdout = M._hearing(), stderr = M._hearing() }
  installing.process = vim.system(command, options, function(ended)
    vim.schedule(function()
      assert(coroutine.resume(thread, ended.code == 0 and ended.signal == 0))
    end)
  end)
  return coroutine.yield() and not installing.is_stopped
end

--- What shows the output of a program, line by line.
---@return fun(err: string?, data: string?)
function M._hearing()
  local rest = ""
  return function(_, data)
    local lines = vim.split(rest .. (data or "\n"), "\r?\n")
    rest = table.remove(lines)
    vim.schedule(function()
      M._write(lines)
    end)
  end
end

---@param lines string[]
function M._write(lines)
  local buffer = vim.fn.bufnr(NAME)
  if buffer == -1 or #lines == 0 then
    return
  end
  vim.api.nvim_buf_set_lines(buffer, -1, -1, false, lines)
  for _, window in ipairs(vim.fn.win_findbuf(buffer)) do
    vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(buffer), 0 })
  end
end

--- Show what is printed, in a split of its own, without going there.
function M._show()
  local buffer = vim.fn.bufadd(NAME)
  if vim.fn.bufwinid(buffer) ~= -1 then
    return
  end
  local before = vim.api.nvim_get_current_win()
  vim.cmd(("botright %dsplit"):format(LINES))
  vim.api.nvim_win_set_buf(0, buffer)
  vim.bo[buffer].buftype, vim.bo[buffer].swapfile = "nofile", false
  vim.wo[0][0].winbar, vim.wo[0][0].number, vim.wo[0][0].wrap = "Installing Recoder's server (:Recoder cancel stops)", false, false
  vim.keymap.set("n", "<C-c>", M.stop, { buffer = buffer, desc = "Recoder: stop installing" })
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = buffer, desc = "Close" })
  vim.api.nvim_create_autocmd("VimLeavePre", { group = vim.api.nvim_create_augroup("recoder.install", {}), callback = function() M.stop() end })
  vim.api.nvim_set_current_win(before)
end

function M._close()
  for _, window in ipairs(vim.fn.win_findbuf(vim.fn.bufnr(NAME))) do
    pcall(vim.api.nvim_win_close, window, true)
  end
end

return M
