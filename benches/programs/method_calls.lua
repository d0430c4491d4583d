-- One call site, several classes: methods inherited, overridden and called on objects in turn.

local Animal = {}
Animal.__index = Animal

function Animal.new(class, weight)
  return setmetatable({ weight = weight }, class)
end

function Animal:eat(amount) self.weight = self.weight + amount end
function Animal:legs() return 4 end
function Animal:speak() return self:voice() + self:legs() end
function Animal:voice() return 0 end

local Cow = setmetatable({}, { __index = Animal })
Cow.__index = Cow

function Cow:voice() return 1 end

local Calf = setmetatable({}, { __index = Cow })
Calf.__index = Calf

function Calf.new(class, weight, mother)
  local self = Animal.new(class, weight)
  self.mother = mother
  return self
end

function Calf:eat(amount) Cow.eat(self, amount / 2) end
function Calf:voice() return 2 + self.mother:voice() end

local Hen = setmetatable({}, { __index = Animal })
Hen.__index = Hen

function Hen:legs() return 2 end
function Hen:voice() return 3 end

local function feed(animal)
  animal:eat(2)
  return animal:speak()
end

local function main(rounds)
  local cow = Animal.new(Cow, 500)
  local calf = Calf.new(Calf, 40, cow)
  local hen = Animal.new(Hen, 3)
  local sum = 0
  for _ = 1, rounds do
    sum = sum + feed(cow) + feed(calf) + feed(hen)
    if sum > 100000 then sum = sum - 100000 end
    if cow.weight > 100000 then cow.weight = 500 end
    if calf.weight > 100000 then calf.weight = 40 end
    if hen.weight > 100000 then hen.weight = 3 end
  end
  print(sum)
  print(cow.weight)
  print(string.format("%.14g", calf.weight))
  print(hen.weight)
end

main(600000)
