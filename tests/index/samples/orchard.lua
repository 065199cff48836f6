--- Trees in rows, and what is picked from them.
local season = require("orchard.season")
local pick = require "orchard.pick".by_hand

local M = {}

M.ROWS = 40
M.config = { depth = 2, names = { "apple", "pear" } }

local weights = {}
total, rest = 0, 1

--- Plants one tree.
-- @param row which row
local function plant(row)
  local hole = { row = row }
  return hole
end

function M.harvest(rows)
  for _, row in ipairs(rows) do
    plant(row)
    season.wait(row)
  end
end

-- A tree grows by itself.
function M.Tree:grow(years)
  self.age = self.age + years
  self:bloom()
end

M.prune = function(tree)
  local cut = function(branch) return branch end
  return cut(tree)
end

local water = function(tree, litres)
  tree.litres = litres
end

function report()
  print("rows", M.ROWS)
end

M.handlers = {
  on_frost = function(night) return night end,
}

return M
