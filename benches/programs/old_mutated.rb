# Old objects that are given new parts, here and there: stores from an old generation into a young one.

class Record
  attr_reader :id
  attr_accessor :tags

  def initialize(id)
    @id = id
    @name = "n" + id.to_s
    @tags = [id, id + 1, @name]
  end
end

$records = []

def main(stay, stores)
  stay.times { |i| $records << Record.new(i) }
  place = 1
  i = 0
  while i < stores
    place = (place * 1103 + 12345) % stay
    $records[place].tags = [i, place, $records[place]]
    i += 1
  end
  sum = 0
  $records.each { |record| sum += record.tags[1] % 7 + record.id % 5 }
  puts sum
end

main(200000, 800000)
