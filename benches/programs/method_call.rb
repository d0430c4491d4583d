# Methods that change an object's state, inherited, overridden and called through `super`.

class Light
  def initialize(on)
    @on = on
  end

  def on?
    @on
  end

  def press
    @on = !@on
    self
  end
end

class LazyLight < Light
  def initialize(on, patience)
    super(on)
    @patience = patience
    @pressed = 0
  end

  def press
    @pressed += 1
    if @pressed >= @patience
      super
      @pressed = 0
    end
    self
  end
end

def count(light, presses)
  lit = 0
  i = 0
  while i < presses
    lit += 1 if light.press.on?
    lit += 1 if light.press.on?
    lit += 1 if light.press.on?
    lit += 1 if light.press.on?
    lit += 1 if light.press.on?
    i += 1
  end
  lit
end

puts count(Light.new(true), 390000)
puts count(LazyLight.new(true, 3), 390000)
