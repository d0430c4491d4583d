# Objects that stay, half a million, while many more come and go beside them.

class Link
  attr_reader :value, :next

  def initialize(value, following)
    @value = value
    @next = following
  end
end

def main(stay, pass)
  kept = nil
  stay.times { |i| kept = Link.new(i, kept) }
  sum = 0
  i = 0
  while i < pass
    short = Link.new(i, Link.new(1, nil))
    sum += short.next.value
    sum = 0 if sum == 1000
    i += 1
  end
  count = 0
  link = kept
  until link.nil?
    count += 1
    link = link.next
  end
  puts sum
  puts count
end

main(500000, 600500)
