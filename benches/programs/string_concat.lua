-- Strings joined with `+`: many short ones, and a long one that grows piece by piece.

local function grow(pieces)
  local text = ""
  for _ = 1, pieces do text = text .. "moo " end
  return text
end

local function pairs_of(rounds)
  local same = 0
  local a = "the cow "
  local b = "and the calf "
  local both = "the cow and the calf "
  for _ = 1, rounds do
    local text = a .. b
    if text == both then same = same + 1 end
    text = text .. a .. b
    if text == both then same = same + 1 end
  end
  return same
end

local function main(rounds)
  local first = grow(4000)
  local same = 0
  for _ = 1, rounds do
    if grow(4000) == first then same = same + 1 end
    same = same + pairs_of(20000)
  end
  print(same)
end

main(100)
