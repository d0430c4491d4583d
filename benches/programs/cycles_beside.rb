# Cycles made and dropped beside a large heap that stays.

class Record
  attr_reader :id
  attr_accessor :tags

  def initialize(id)
    @id = id
    @name = "n" + id.to_s
    @tags = [id, id + 1, @name]
  end
end

class Node
  attr_reader :id, :links

  def initialize(id)
    @id = id
    @links = []
  end
end

$records = []

def main(stay, churn)
  stay.times { |i| $records << Record.new(i) }
  sum = 0
  i = 0
  while i < churn
    a = Node.new(i)
    b = Node.new($records[i % stay])
    a.links << b
    b.links << a
    sum += b.links[0].links[0].id.id
    i += 1
  end
  puts sum
  puts $records.size
end

main(100000, 500000)
