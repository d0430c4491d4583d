# Constraints between variables, solved step by step after the DeltaBlue algorithm (Freeman-Benson and Maloney, 1989).

# Strengths: a smaller number is stronger.
REQUIRED = 0
PREFERRED = 2
STRONG = 3
WEAKEST = 6

class Variable
  attr_accessor :value, :determined_by, :mark, :walk, :stays
  attr_reader :constraints

  def initialize(value)
    @value = value
    @constraints = []
    @determined_by = nil
    @mark = 0
    @walk = WEAKEST
    @stays = true
  end
end

class Constraint
  attr_reader :strength

  def initialize(strength)
    @strength = strength
  end

  # Makes the constraint hold if it can; gives the weaker one that it took the place of.
  def satisfy(planner, mark)
    choose(mark)
    return nil unless satisfied?
    mark_inputs(mark)
    out = output
    overridden = out.determined_by
    overridden.forget unless overridden.nil?
    out.determined_by = self
    planner.propagate(self, mark)
    out.mark = mark
    overridden
  end

  def add(planner)
    attach
    planner.add(self)
  end

  def destroy(planner)
    if satisfied?
      planner.remove(self)
    else
      detach
    end
  end
end

class Unary < Constraint
  def initialize(variable, strength)
    super(strength)
    @variable = variable
    @satisfied = false
  end

  def attach
    @variable.constraints << self
  end

  def detach
    list = @variable.constraints
    list.delete_at(list.index(self))
    @satisfied = false
  end

  def choose(mark)
    @satisfied = @variable.mark != mark && @strength < @variable.walk
  end

  def satisfied?
    @satisfied
  end

  def forget
    @satisfied = false
  end

  def output
    @variable
  end

  def mark_inputs(_mark)
  end

  def inputs_known?(_mark)
    true
  end

  def recalculate
    @variable.walk = @strength
    @variable.stays = !input?
  end

  def execute
  end
end

class Stay < Unary
  def input?
    false
  end
end

class Edit < Unary
  def input?
    true
  end
end

class Binary < Constraint
  def initialize(a, b, strength)
    super(strength)
    @a = a
    @b = b
    @direction = 0
  end

  def attach
    @a.constraints << self
    @b.constraints << self
  end

  def detach
    [@a, @b].each { |variable| variable.constraints.delete_at(variable.constraints.index(self)) }
    @direction = 0
  end

  def choose(mark)
    a = @a
    b = @b
    @direction =
      if a.mark == mark
        b.mark != mark && @strength < b.walk ? 1 : 0
      elsif b.mark == mark
        @strength < a.walk ? -1 : 0
      elsif a.walk > b.walk
        @strength < a.walk ? -1 : 0
      else
        @strength < b.walk ? 1 : 0
      end
  end

  def satisfied?
    @direction != 0
  end

  def forget
    @direction = 0
  end

  def input
    @direction == 1 ? @a : @b
  end

  def output
    @direction == 1 ? @b : @a
  end

  def mark_inputs(mark)
    input.mark = mark
  end

  def inputs_known?(mark)
    from = input
    from.mark == mark || from.stays || from.determined_by.nil?
  end

  def recalculate
    from = input
    to = output
    to.walk = @strength > from.walk ? @strength : from.walk
    to.stays = from.stays
    execute if to.stays
  end
end

class Equal < Binary
  def execute
    output.value = input.value
  end
end

class Linear < Binary
  def initialize(a, b, strength, factor, offset)
    super(a, b, strength)
    @factor = factor
    @offset = offset
  end

  def execute
    if @direction == 1
      @b.value = @a.value * @factor + @offset
    else
      @a.value = (@b.value - @offset) / @factor.to_f
    end
  end
end

class Planner
  def initialize
    @mark = 0
  end

  def new_mark
    @mark += 1
  end

  def add(constraint)
    mark = new_mark
    overridden = constraint.satisfy(self, mark)
    overridden = overridden.satisfy(self, mark) until overridden.nil?
  end

  def remove(constraint)
    out = constraint.output
    constraint.forget
    constraint.detach
    unsatisfied = retract(out)
    (REQUIRED...WEAKEST).each do |strength|
      unsatisfied.each { |other| add(other) if other.strength == strength }
    end
  end

  def retract(out)
    out.determined_by = nil
    out.walk = WEAKEST
    out.stays = true
    unsatisfied = []
    todo = [out]
    until todo.empty?
      variable = todo.pop
      determining = variable.determined_by
      variable.constraints.each do |constraint|
        if !constraint.satisfied?
          unsatisfied << constraint
        elsif constraint != determining
          constraint.recalculate
          todo << constraint.output
        end
      end
    end
    unsatisfied
  end

  def consumers(variable, into)
    determining = variable.determined_by
    variable.constraints.each do |constraint|
      into << constraint if constraint != determining && constraint.satisfied?
    end
  end

  def propagate(constraint, _mark)
    todo = [constraint]
    until todo.empty?
      following = todo.pop
      following.recalculate
      consumers(following.output, todo)
    end
  end

  def plan(sources)
    mark = new_mark
    steps = []
    todo = sources
    until todo.empty?
      constraint = todo.pop
      out = constraint.output
      if out.mark != mark && constraint.inputs_known?(mark)
        steps << constraint
        out.mark = mark
        consumers(out, todo)
      end
    end
    steps
  end
end

def change(planner, variable, value)
  edit = Edit.new(variable, PREFERRED)
  edit.add(planner)
  plan = planner.plan([edit])
  10.times do |i|
    variable.value = value + i
    plan.each(&:execute)
  end
  edit.destroy(planner)
end

def chain(length)
  planner = Planner.new
  variables = Array.new(length + 1) { Variable.new(0) }
  length.times { |i| Equal.new(variables[i], variables[i + 1], REQUIRED).add(planner) }
  Stay.new(variables[length], STRONG).add(planner)
  sum = 0
  40.times do |value|
    change(planner, variables[0], value)
    sum += variables[length].value
  end
  sum
end

def projection(length)
  planner = Planner.new
  from = to = nil
  ends = []
  length.times do |i|
    from = Variable.new(i)
    to = Variable.new(i)
    ends << to
    Stay.new(from, STRONG).add(planner)
    Linear.new(from, to, REQUIRED, 10, 1000).add(planner)
  end
  change(planner, from, 17)
  sum = to.value
  change(planner, to, 1050)
  sum += from.value
  ends.each { |variable| sum += variable.value }
  sum
end

5.times do |round|
  puts chain(500 + round)
  puts format("%.14g", projection(2000 + round))
end
