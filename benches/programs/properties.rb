# Twenty fields of one object, read and written.

class Meadow
  attr_reader :amber

  def initialize
    @amber = 1
    @birch = 2
    @cedar = 3
    @dusk = 4
    @elder = 5
    @fern = 6
    @grove = 7
    @hazel = 8
    @iris = 9
    @juniper = 10
    @kelp = 11
    @lotus = 12
    @maple = 13
    @nettle = 14
    @olive = 15
    @poppy = 16
    @quince = 17
    @rowan = 18
    @sage = 19
    @thyme = 20
  end

  def sum
    @amber +
      @birch +
      @cedar +
      @dusk +
      @elder +
      @fern +
      @grove +
      @hazel +
      @iris +
      @juniper +
      @kelp +
      @lotus +
      @maple +
      @nettle +
      @olive +
      @poppy +
      @quince +
      @rowan +
      @sage +
      @thyme
  end

  def turn
    first = @amber
    @amber = @birch
    @birch = @cedar
    @cedar = @dusk
    @dusk = @elder
    @elder = @fern
    @fern = @grove
    @grove = @hazel
    @hazel = @iris
    @iris = @juniper
    @juniper = @kelp
    @kelp = @lotus
    @lotus = @maple
    @maple = @nettle
    @nettle = @olive
    @olive = @poppy
    @poppy = @quince
    @quince = @rowan
    @rowan = @sage
    @sage = @thyme
    @thyme = first
  end
end

def main(rounds)
  meadow = Meadow.new
  total = 0
  i = 0
  while i < rounds
    total += meadow.sum
    meadow.turn
    total -= 500000 if total > 500000
    i += 1
  end
  puts total
  puts meadow.amber
end

main(1500000)
