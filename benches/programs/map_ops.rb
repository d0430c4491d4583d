# Maps with number keys and with string keys: filled, looked up, changed, emptied.

def numbered(count)
  map = {}
  i = 0
  while i < count
    map[i * 7 % count] = i
    i += 1
  end
  sum = 0
  i = 0
  while i < count
    sum += map[i * 3] if map.key?(i * 3)
    map[i] += 1
    i += 1
  end
  i = 0
  while i < count
    map.delete(i)
    i += 2
  end
  map.each_key { |key| sum += key }
  sum + map.size
end

def named(words)
  map = {}
  words.each { |word| map[word] = word.size }
  sum = 0
  3.times do |round|
    words.each do |word|
      sum += map[word]
      map[word] = round
    end
  end
  words.each do |word|
    sum += 1 if map.key?(word)
    map.delete(word)
  end
  sum + map.size
end

def counted(words, rounds)
  counts = {}
  rounds.times do |round|
    i = 0
    while i < 500
      word = words[i * (round + 1) % 1000]
      counts[word] = counts.fetch(word, 0) + 1
      i += 1
    end
  end
  counts["cow0"] * 1000 + counts.size
end

def main
  words = []
  40000.times { |i| words << "cow" + i.to_s }
  3.times do |round|
    puts numbered(200000 + round)
    puts named(words)
    puts named(words)
    puts counted(words, 800)
  end
end

main
