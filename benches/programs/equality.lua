-- Comparisons for equality of values of every kind, held in locals.

local Cow = {}
Cow.__index = Cow

local function main(rounds)
  local nothing = nil
  local yes = true
  local no = false
  local one = 1
  local two = 2
  local text = "moo"
  local other = "baa"
  local bess = setmetatable({}, Cow)
  local daisy = setmetatable({}, Cow)
  local equal = 0
  local different = 0
  for i = 0, rounds - 1 do
    if nothing == nil then equal = equal + 1 end
    if yes == no then equal = equal + 1 end
    if one == i then equal = equal + 1 end
    if one == two then equal = equal + 1 end
    if one == text then equal = equal + 1 end
    if text == text then equal = equal + 1 end
    if text == other then equal = equal + 1 end
    if bess == daisy then equal = equal + 1 end
    if bess == bess then equal = equal + 1 end
    if nothing ~= yes then different = different + 1 end
    if no ~= no then different = different + 1 end
    if two ~= 2 then different = different + 1 end
    if two ~= i then different = different + 1 end
    if other ~= "moo" then different = different + 1 end
    if daisy ~= bess then different = different + 1 end
    if daisy ~= nothing then different = different + 1 end
  end
  print(equal - 3 * rounds)
  print(different - 5 * rounds)
end

main(6000000)
