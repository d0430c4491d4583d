-- Strings compared: the same one, equal ones that were joined, different ones of one length and of another.

local function main(rounds)
  local short = "a"
  local pair = "ab"
  local joined = "a" .. "b"
  local text = "the cow jumped over the moon"
  local near = "the cow jumped over the mook"
  local far = "the cat jumped over the moon"
  local long = "the cow jumped over the moon and did not come back before the milking of the evening"
  local copy = "the cow jumped over the moon and did not come back " .. "before the milking of the evening"
  local equal = 0
  for _ = 1, rounds do
    if short == pair then equal = equal + 1 end
    if pair == joined then equal = equal + 1 end
    if text == near then equal = equal + 1 end
    if text == far then equal = equal + 1 end
    if text == text then equal = equal + 1 end
    if text == long then equal = equal + 1 end
    if long == copy then equal = equal + 1 end
    if long == near then equal = equal + 1 end
    if far ~= near then equal = equal + 1 end
    if copy ~= long then equal = equal + 1 end
    if text ~= "the cow jumped over the moon" then equal = equal + 1 end
    if pair == "ab" then equal = equal + 1 end
    if short == 1 then equal = equal + 1 end
    if short == nil then equal = equal + 1 end
  end
  print(string.format("%.14g", equal / 1000))
end

main(6000000)
