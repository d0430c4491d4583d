# frozen_string_literal: true

# Strings compared: the same one, equal ones that were joined, different ones of one length and of another.

def main(rounds)
  short = "a"
  pair = "ab"
  joined = "a" + "b"
  text = "the cow jumped over the moon"
  near = "the cow jumped over the mook"
  far = "the cat jumped over the moon"
  long = "the cow jumped over the moon and did not come back before the milking of the evening"
  copy = "the cow jumped over the moon and did not come back " + "before the milking of the evening"
  equal = 0
  i = 0
  while i < rounds
    equal += 1 if short == pair
    equal += 1 if pair == joined
    equal += 1 if text == near
    equal += 1 if text == far
    equal += 1 if text == text
    equal += 1 if text == long
    equal += 1 if long == copy
    equal += 1 if long == near
    equal += 1 if far != near
    equal += 1 if copy != long
    equal += 1 if text != "the cow jumped over the moon"
    equal += 1 if pair == "ab"
    equal += 1 if short == 1
    equal += 1 if short == nil
    i += 1
  end
  puts format("%.14g", equal / 1000.0)
end

main(6000000)
