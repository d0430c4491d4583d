# Twenty methods that do nothing but give a number, called on one object.

class Meadow
  def amber
    1
  end

  def birch
    2
  end

  def cedar
    3
  end

  def dusk
    4
  end

  def elder
    5
  end

  def fern
    6
  end

  def grove
    7
  end

  def hazel
    8
  end

  def iris
    9
  end

  def juniper
    10
  end

  def kelp
    11
  end

  def lotus
    12
  end

  def maple
    13
  end

  def nettle
    14
  end

  def olive
    15
  end

  def poppy
    16
  end

  def quince
    17
  end

  def rowan
    18
  end

  def sage
    19
  end

  def thyme
    20
  end
end

def main(rounds)
  meadow = Meadow.new
  total = 0
  i = 0
  while i < rounds
    total = total +
      meadow.amber +
      meadow.birch +
      meadow.cedar +
      meadow.dusk +
      meadow.elder +
      meadow.fern +
      meadow.grove +
      meadow.hazel +
      meadow.iris +
      meadow.juniper +
      meadow.kelp +
      meadow.lotus +
      meadow.maple +
      meadow.nettle +
      meadow.olive +
      meadow.poppy +
      meadow.quince +
      meadow.rowan +
      meadow.sage +
      meadow.thyme
    total -= 500000 if total > 500000
    i += 1
  end
  puts total
end

main(1000000)
