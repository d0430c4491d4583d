# Strings joined with `+`: many short ones, and a long one that grows piece by piece.

# frozen_string_literal: true

def grow(pieces)
  text = ""
  i = 0
  while i < pieces
    text = text + "moo "
    i += 1
  end
  text
end

def pairs(rounds)
  same = 0
  a = "the cow "
  b = "and the calf "
  both = "the cow and the calf "
  i = 0
  while i < rounds
    text = a + b
    same += 1 if text == both
    text = text + a + b
    same += 1 if text == both
    i += 1
  end
  same
end

def main(rounds)
  first = grow(4000)
  same = 0
  rounds.times do
    same += 1 if grow(4000) == first
    same += pairs(20000)
  end
  puts same
end

main(100)
