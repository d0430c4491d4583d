-- Constraints between variables, solved step by step after the DeltaBlue algorithm (Freeman-Benson and Maloney, 1989).

-- Strengths: a smaller number is stronger.
local REQUIRED = 0
local PREFERRED = 2
local STRONG = 3
local WEAKEST = 6

local function class(parent)
  local made = setmetatable({}, { __index = parent })
  made.__index = made
  return made
end

local function remove(list, item)
  for i = 1, #list do
    if list[i] == item then
      table.remove(list, i)
      return
    end
  end
end

local Variable = class()

function Variable.new(value)
  return setmetatable(
    { value = value, constraints = {}, determined_by = nil, mark = 0, walk = WEAKEST, stays = true }, Variable)
end

local Constraint = class()

-- Makes the constraint hold if it can; gives the weaker one that it took the place of.
function Constraint:satisfy(planner, mark)
  self:choose(mark)
  if not self:is_satisfied() then return nil end
  self:mark_inputs(mark)
  local out = self:output()
  local overridden = out.determined_by
  if overridden then overridden:forget() end
  out.determined_by = self
  planner:propagate(self, mark)
  out.mark = mark
  return overridden
end

function Constraint:add(planner)
  self:attach()
  planner:add(self)
end

function Constraint:destroy(planner)
  if self:is_satisfied() then planner:remove(self) else self:detach() end
end

local Unary = class(Constraint)

function Unary.new(kind, variable, strength)
  return setmetatable({ strength = strength, variable = variable, satisfied = false }, kind)
end

function Unary:attach() table.insert(self.variable.constraints, self) end

function Unary:detach()
  remove(self.variable.constraints, self)
  self.satisfied = false
end

function Unary:choose(mark)
  self.satisfied = self.variable.mark ~= mark and self.strength < self.variable.walk
end

function Unary:is_satisfied() return self.satisfied end
function Unary:forget() self.satisfied = false end
function Unary:output() return self.variable end
function Unary:mark_inputs(_) end
function Unary:inputs_known(_) return true end

function Unary:recalculate()
  self.variable.walk = self.strength
  self.variable.stays = not self:is_input()
end

function Unary:execute() end

local Stay = class(Unary)
function Stay:is_input() return false end

local Edit = class(Unary)
function Edit:is_input() return true end

local Binary = class(Constraint)

function Binary.new(kind, a, b, strength)
  return setmetatable({ strength = strength, a = a, b = b, direction = 0 }, kind)
end

function Binary:attach()
  table.insert(self.a.constraints, self)
  table.insert(self.b.constraints, self)
end

function Binary:detach()
  remove(self.a.constraints, self)
  remove(self.b.constraints, self)
  self.direction = 0
end

function Binary:choose(mark)
  local a = self.a
  local b = self.b
  if a.mark == mark then
    self.direction = b.mark ~= mark and self.strength < b.walk and 1 or 0
  elseif b.mark == mark then
    self.direction = self.strength < a.walk and -1 or 0
  elseif a.walk > b.walk then
    self.direction = self.strength < a.walk and -1 or 0
  else
    self.direction = self.strength < b.walk and 1 or 0
  end
end

function Binary:is_satisfied() return self.direction ~= 0 end
function Binary:forget() self.direction = 0 end
function Binary:input() if self.direction == 1 then return self.a end return self.b end
function Binary:output() if self.direction == 1 then return self.b end return self.a end
function Binary:mark_inputs(mark) self:input().mark = mark end

function Binary:inputs_known(mark)
  local from = self:input()
  return from.mark == mark or from.stays or from.determined_by == nil
end

function Binary:recalculate()
  local from = self:input()
  local to = self:output()
  to.walk = self.strength > from.walk and self.strength or from.walk
  to.stays = from.stays
  if to.stays then self:execute() end
end

local Equal = class(Binary)
function Equal:execute() self:output().value = self:input().value end

local Linear = class(Binary)

function Linear.new(kind, a, b, strength, factor, offset)
  local self = Binary.new(kind, a, b, strength)
  self.factor = factor
  self.offset = offset
  return self
end

function Linear:execute()
  if self.direction == 1 then
    self.b.value = self.a.value * self.factor + self.offset
  else
    self.a.value = (self.b.value - self.offset) / self.factor
  end
end

local Planner = class()

function Planner:new_mark()
  self.mark = self.mark + 1
  return self.mark
end

function Planner:add(constraint)
  local mark = self:new_mark()
  local overridden = constraint:satisfy(self, mark)
  while overridden do overridden = overridden:satisfy(self, mark) end
end

function Planner:remove(constraint)
  local out = constraint:output()
  constraint:forget()
  constraint:detach()
  local unsatisfied = self:retract(out)
  for strength = REQUIRED, WEAKEST - 1 do
    for _, other in ipairs(unsatisfied) do
      if other.strength == strength then self:add(other) end
    end
  end
end

function Planner:retract(out)
  out.determined_by = nil
  out.walk = WEAKEST
  out.stays = true
  local unsatisfied = {}
  local todo = { out }
  while #todo > 0 do
    local variable = table.remove(todo)
    local determining = variable.determined_by
    for _, constraint in ipairs(variable.constraints) do
      if not constraint:is_satisfied() then
        table.insert(unsatisfied, constraint)
      elseif constraint ~= determining then
        constraint:recalculate()
        table.insert(todo, constraint:output())
      end
    end
  end
  return unsatisfied
end

function Planner:consumers(variable, into)
  local determining = variable.determined_by
  for _, constraint in ipairs(variable.constraints) do
    if constraint ~= determining and constraint:is_satisfied() then table.insert(into, constraint) end
  end
end

function Planner:propagate(constraint, _)
  local todo = { constraint }
  while #todo > 0 do
    local next = table.remove(todo)
    next:recalculate()
    self:consumers(next:output(), todo)
  end
end

function Planner:plan(sources)
  local mark = self:new_mark()
  local steps = {}
  local todo = sources
  while #todo > 0 do
    local constraint = table.remove(todo)
    local out = constraint:output()
    if out.mark ~= mark and constraint:inputs_known(mark) then
      table.insert(steps, constraint)
      out.mark = mark
      self:consumers(out, todo)
    end
  end
  return steps
end

local function change(planner, variable, value)
  local edit = Unary.new(Edit, variable, PREFERRED)
  edit:add(planner)
  local plan = planner:plan({ edit })
  for i = 0, 9 do
    variable.value = value + i
    for _, step in ipairs(plan) do step:execute() end
  end
  edit:destroy(planner)
end

local function chain(length)
  local planner = setmetatable({ mark = 0 }, Planner)
  local variables = {}
  for i = 0, length do variables[i + 1] = Variable.new(0) end
  for i = 1, length do Binary.new(Equal, variables[i], variables[i + 1], REQUIRED):add(planner) end
  Unary.new(Stay, variables[length + 1], STRONG):add(planner)
  local sum = 0
  for value = 0, 39 do
    change(planner, variables[1], value)
    sum = sum + variables[length + 1].value
  end
  return sum
end

local function projection(length)
  local planner = setmetatable({ mark = 0 }, Planner)
  local from, to
  local ends = {}
  for i = 0, length - 1 do
    from = Variable.new(i)
    to = Variable.new(i)
    table.insert(ends, to)
    Unary.new(Stay, from, STRONG):add(planner)
    Linear.new(Linear, from, to, REQUIRED, 10, 1000):add(planner)
  end
  change(planner, from, 17)
  local sum = to.value
  change(planner, to, 1050)
  sum = sum + from.value
  for _, variable in ipairs(ends) do sum = sum + variable.value end
  return sum
end

for round = 0, 4 do
  print(chain(500 + round))
  print(string.format("%.14g", projection(2000 + round)))
end
