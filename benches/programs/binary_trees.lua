-- Binary trees of many depths made and dropped beside one that stays: allocation and recursion.

local Tree = {}
Tree.__index = Tree

function Tree.new(depth)
  local self = setmetatable({}, Tree)
  if depth > 0 then
    self.left = Tree.new(depth - 1)
    self.right = Tree.new(depth - 1)
  end
  return self
end

function Tree:count()
  if self.left == nil then return 1 end
  return self.left:count() + self.right:count() + 1
end

local function main(depths)
  local stays = Tree.new(depths)
  print(Tree.new(depths + 1):count())
  local rounds = 1
  for _ = 4, depths - 1, 2 do rounds = rounds * 4 end
  for depth = 4, depths, 2 do
    local nodes = 0
    for _ = 1, rounds do nodes = nodes + Tree.new(depth):count() end
    print(depth)
    print(nodes - rounds)
    rounds = math.floor(rounds / 4)
  end
  print(stays:count())
end

main(16)
