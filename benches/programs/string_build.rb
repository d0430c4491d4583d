# Texts built from numbers, joined, split, searched, cut and replaced.

def main(rounds)
  total = 0
  rounds.times do |round|
    words = []
    i = 0
    while i < 20000
      words << "cow" + (i + round).to_s
      i += 1
    end
    text = words.join(",")
    total += text.size
    count = 0
    text.split(",").each do |word|
      count += 1 if word.start_with?("cow1")
      count += 1 if word[3, 2] == "77"
    end
    total += count
    total += text.gsub("cow", "calf").size
    total += text.index("cow9999")
    total += "Number #{round} of #{rounds}: #{count} found.".upcase.size
  end
  puts total
end

main(30)
