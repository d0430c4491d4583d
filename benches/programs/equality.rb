# frozen_string_literal: true

# Comparisons for equality of values of every kind, held in locals.

class Cow
end

def main(rounds)
  nothing = nil
  yes = true
  no = false
  one = 1
  two = 2
  text = "moo".freeze
  other = "baa".freeze
  bess = Cow.new
  daisy = Cow.new
  equal = 0
  different = 0
  i = 0
  while i < rounds
    equal += 1 if nothing == nil
    equal += 1 if yes == no
    equal += 1 if one == i
    equal += 1 if one == two
    equal += 1 if one == text
    equal += 1 if text == text
    equal += 1 if text == other
    equal += 1 if bess == daisy
    equal += 1 if bess == bess
    different += 1 if nothing != yes
    different += 1 if no != no
    different += 1 if two != 2
    different += 1 if two != i
    different += 1 if other != "moo"
    different += 1 if daisy != bess
    different += 1 if daisy != nothing
    i += 1
  end
  puts equal - 3 * rounds
  puts different - 5 * rounds
end

main(6000000)
