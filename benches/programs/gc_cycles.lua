-- Cycles made and dropped at once: what counts alone never give back.

local Node = {}
Node.__index = Node

function Node.new(id)
  local self = setmetatable({ id = id }, Node)
  self.self = self
  return self
end

local function main(rounds)
  local sum = 0
  for i = 0, rounds - 1 do
    local a = Node.new(i)
    local b = Node.new(1)
    a.other = b
    b.other = a
    sum = sum + a.other.other.self.other.id
  end
  print(sum)
end

main(900000)
