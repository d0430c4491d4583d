# Cycles made and dropped at once: what counts alone never give back.

class Node
  attr_accessor :id, :other, :itself

  def initialize(id)
    @id = id
    @other = nil
    @itself = self
  end
end

def main(rounds)
  sum = 0
  i = 0
  while i < rounds
    a = Node.new(i)
    b = Node.new(1)
    a.other = b
    b.other = a
    sum += a.other.other.itself.other.id
    i += 1
  end
  puts sum
end

main(900000)
