-- Twenty methods that do nothing but give a number, called on one object.

local Meadow = {}
Meadow.__index = Meadow

function Meadow:amber() return 1 end
function Meadow:birch() return 2 end
function Meadow:cedar() return 3 end
function Meadow:dusk() return 4 end
function Meadow:elder() return 5 end
function Meadow:fern() return 6 end
function Meadow:grove() return 7 end
function Meadow:hazel() return 8 end
function Meadow:iris() return 9 end
function Meadow:juniper() return 10 end
function Meadow:kelp() return 11 end
function Meadow:lotus() return 12 end
function Meadow:maple() return 13 end
function Meadow:nettle() return 14 end
function Meadow:olive() return 15 end
function Meadow:poppy() return 16 end
function Meadow:quince() return 17 end
function Meadow:rowan() return 18 end
function Meadow:sage() return 19 end
function Meadow:thyme() return 20 end

local function main(rounds)
  local meadow = setmetatable({}, Meadow)
  local total = 0
  for _ = 1, rounds do
    total = total
      + meadow:amber()
      + meadow:birch()
      + meadow:cedar()
      + meadow:dusk()
      + meadow:elder()
      + meadow:fern()
      + meadow:grove()
      + meadow:hazel()
      + meadow:iris()
      + meadow:juniper()
      + meadow:kelp()
      + meadow:lotus()
      + meadow:maple()
      + meadow:nettle()
      + meadow:olive()
      + meadow:poppy()
      + meadow:quince()
      + meadow:rowan()
      + meadow:sage()
      + meadow:thyme()
    if total > 500000 then total = total - 500000 end
  end
  print(total)
end

main(1000000)
