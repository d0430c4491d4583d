-- Cycles made and dropped beside a large heap that stays.

local Record = {}
Record.__index = Record

function Record.new(id)
  local name = "n" .. tostring(id)
  return setmetatable({ id = id, name = name, tags = { id, id + 1, name } }, Record)
end

local Node = {}
Node.__index = Node

function Node.new(id)
  return setmetatable({ id = id, links = {} }, Node)
end

records = {}

local function main(stay, churn)
  for i = 0, stay - 1 do records[#records + 1] = Record.new(i) end
  local sum = 0
  for i = 0, churn - 1 do
    local a = Node.new(i)
    local b = Node.new(records[i % stay + 1])
    a.links[#a.links + 1] = b
    b.links[#b.links + 1] = a
    sum = sum + b.links[1].links[1].id.id
  end
  print(string.format("%.0f", sum))
  print(#records)
end

main(100000, 500000)
