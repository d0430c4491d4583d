# The naive Fibonacci function: calls, comparisons and small arithmetic.

def fib(n)
  return n if n < 2
  fib(n - 2) + fib(n - 1)
end

puts fib(35) - 9000000
