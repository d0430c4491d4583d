# Closures made and called: counters with state of their own, functions composed, a variable shared by two.

def counter(step)
  n = 0
  -> { n += step }
end

def compose(f, g)
  ->(x) { f.call(g.call(x)) }
end

def adder(n)
  ->(x) { x + n }
end

def account(balance)
  deposit = ->(amount) { balance += amount }
  read = -> { balance }
  ->(which) { which ? deposit : read }
end

def main(rounds)
  count = counter(2)
  total = 0
  i = 0
  while i < rounds
    twice = compose(adder(i), adder(1))
    total += twice.call(count.call - count.call) - i
    total += 500000 if total < -500000
    bess = account(i)
    bess.call(true).call(5)
    puts "wrong" if bess.call(false).call != i + 5
    4.times { count.call }
    i += 1
  end
  puts total
  puts count.call - 7000000
end

main(600000)
