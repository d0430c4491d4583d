-- Texts built from numbers, joined, split, searched, cut and replaced.

local function main(rounds)
  local total = 0
  for round = 0, rounds - 1 do
    local words = {}
    for i = 0, 19999 do words[#words + 1] = "cow" .. tostring(i + round) end
    local text = table.concat(words, ",")
    total = total + #text
    local count = 0
    for word in text:gmatch("[^,]+") do
      if word:sub(1, 4) == "cow1" then count = count + 1 end
      if word:sub(4, 5) == "77" then count = count + 1 end
    end
    total = total + count
    total = total + #text:gsub("cow", "calf")
    total = total + text:find("cow9999", 1, true) - 1
    total = total + #("Number " .. round .. " of " .. rounds .. ": " .. count .. " found."):upper()
  end
  print(total)
end

main(30)
