-- Closures made and called: counters with state of their own, functions composed, a variable shared by two.

local function counter(step)
  local n = 0
  return function()
    n = n + step
    return n
  end
end

local function compose(f, g)
  return function(x) return f(g(x)) end
end

local function adder(n)
  return function(x) return x + n end
end

local function account(balance)
  local function deposit(amount) balance = balance + amount end
  local function read() return balance end
  return function(which) if which then return deposit end return read end
end

local function main(rounds)
  local count = counter(2)
  local total = 0
  for i = 0, rounds - 1 do
    local twice = compose(adder(i), adder(1))
    total = total + twice(count() - count()) - i
    if total < -500000 then total = total + 500000 end
    local bess = account(i)
    bess(true)(5)
    if bess(false)() ~= i + 5 then print("wrong") end
    for _ = 1, 4 do count() end
  end
  print(total)
  print(count() - 7000000)
end

main(600000)
