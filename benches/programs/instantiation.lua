-- Instances without fields, made and dropped: a class with an initializer and one without.

local Plain = {}
Plain.__index = Plain

function Plain.new() return setmetatable({}, Plain) end

local Made = {}
Made.__index = Made

function Made:init() end

function Made.new()
  local self = setmetatable({}, Made)
  self:init()
  return self
end

local function main(rounds)
  local last
  for _ = 1, rounds do
    Plain.new() Made.new()
    Plain.new() Made.new()
    Plain.new() Made.new()
    Plain.new() Made.new()
    last = Made.new()
    last = Plain.new()
  end
  print(last ~= nil)
end

main(600000)
