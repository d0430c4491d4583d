# Instances without fields, made and dropped: a class with an initializer and one without.

class Plain
end

class Made
  def initialize
  end
end

def main(rounds)
  last = nil
  i = 0
  while i < rounds
    Plain.new; Made.new
    Plain.new; Made.new
    Plain.new; Made.new
    Plain.new; Made.new
    last = Made.new
    last = Plain.new
    i += 1
  end
  puts !last.nil?
end

main(600000)
