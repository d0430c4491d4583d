# Binary trees of many depths made and dropped beside one that stays: allocation and recursion.

class Tree
  def initialize(depth)
    if depth > 0
      @left = Tree.new(depth - 1)
      @right = Tree.new(depth - 1)
    else
      @left = nil
      @right = nil
    end
  end

  def count
    return 1 if @left.nil?
    @left.count + @right.count + 1
  end
end

def main(depths)
  stays = Tree.new(depths)
  puts Tree.new(depths + 1).count
  rounds = 1
  4.step(depths - 1, 2) { rounds *= 4 }
  4.step(depths, 2) do |depth|
    nodes = 0
    rounds.times { nodes += Tree.new(depth).count }
    puts depth
    puts nodes - rounds
    rounds /= 4
  end
  puts stays.count
end

main(16)
