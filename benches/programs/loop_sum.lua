-- One loop of additions: the dispatch of the machine and little else.

local function main()
  local sum = 0
  local laps = 0
  for i = 0, 59999999 do
    sum = sum + i
    if sum > 900000000 then
      sum = sum - 900000000
      laps = laps + 1
      if laps == 1000 then laps = 0 end
    end
  end
  print(laps)
end

main()
