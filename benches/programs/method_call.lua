-- Methods that change an object's state, inherited, overridden and called through the superclass.

local Light = {}
Light.__index = Light

function Light.new(on)
  return setmetatable({ on = on }, Light)
end

function Light:is_on() return self.on end

function Light:press()
  self.on = not self.on
  return self
end

local LazyLight = setmetatable({}, { __index = Light })
LazyLight.__index = LazyLight

function LazyLight.new(on, patience)
  local self = setmetatable(Light.new(on), LazyLight)
  self.patience = patience
  self.pressed = 0
  return self
end

function LazyLight:press()
  self.pressed = self.pressed + 1
  if self.pressed >= self.patience then
    Light.press(self)
    self.pressed = 0
  end
  return self
end

local function count(light, presses)
  local lit = 0
  for _ = 1, presses do
    if light:press():is_on() then lit = lit + 1 end
    if light:press():is_on() then lit = lit + 1 end
    if light:press():is_on() then lit = lit + 1 end
    if light:press():is_on() then lit = lit + 1 end
    if light:press():is_on() then lit = lit + 1 end
  end
  return lit
end

print(count(Light.new(true), 390000))
print(count(LazyLight.new(true, 3), 390000))
