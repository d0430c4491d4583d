# One loop of additions: the dispatch of the machine and little else.

def main
  sum = 0
  laps = 0
  i = 0
  while i < 60000000
    sum += i
    if sum > 900000000
      sum -= 900000000
      laps += 1
      laps = 0 if laps == 1000
    end
    i += 1
  end
  puts laps
end

main
