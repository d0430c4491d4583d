# One call site, several classes: methods inherited, overridden and called on objects in turn.

class Animal
  attr_accessor :weight

  def initialize(weight)
    @weight = weight
  end

  def eat(amount)
    @weight += amount
  end

  def legs
    4
  end

  def speak
    voice + legs
  end

  def voice
    0
  end
end

class Cow < Animal
  def voice
    1
  end
end

class Calf < Cow
  def initialize(weight, mother)
    super(weight)
    @mother = mother
  end

  def eat(amount)
    super(amount / 2)
  end

  def voice
    2 + @mother.voice
  end
end

class Hen < Animal
  def legs
    2
  end

  def voice
    3
  end
end

def feed(animal)
  animal.eat(2)
  animal.speak
end

def main(rounds)
  cow = Cow.new(500)
  calf = Calf.new(40, cow)
  hen = Hen.new(3)
  sum = 0
  i = 0
  while i < rounds
    sum = sum + feed(cow) + feed(calf) + feed(hen)
    sum -= 100000 if sum > 100000
    cow.weight = 500 if cow.weight > 100000
    calf.weight = 40 if calf.weight > 100000
    hen.weight = 3 if hen.weight > 100000
    i += 1
  end
  puts sum
  puts cow.weight
  puts calf.weight
  puts hen.weight
end

main(600000)
