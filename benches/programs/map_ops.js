// Maps with number keys and with string keys: filled, looked up, changed, emptied.

function numbered(count) {
  const map = new Map();
  for (let i = 0; i < count; i++) map.set(i * 7 % count, i);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (map.has(i * 3)) sum += map.get(i * 3);
    map.set(i, map.get(i) + 1);
  }
  for (let i = 0; i < count; i += 2) map.delete(i);
  for (const key of map.keys()) sum += key;
  return sum + map.size;
}

function named(words) {
  const map = new Map();
  for (const word of words) map.set(word, word.length);
  let sum = 0;
  for (let round = 0; round < 3; round++) {
    for (const word of words) {
      sum += map.get(word);
      map.set(word, round);
    }
  }
  for (const word of words) {
    if (map.has(word)) sum++;
    map.delete(word);
  }
  return sum + map.size;
}

function counted(words, rounds) {
  const counts = new Map();
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < 500; i++) {
      const word = words[i * (round + 1) % 1000];
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts.get("cow0") * 1000 + counts.size;
}

function main() {
  const words = [];
  for (let i = 0; i < 40000; i++) words.push("cow" + String(i));
  for (let round = 0; round < 3; round++) {
    console.log(numbered(200000 + round));
    console.log(named(words));
    console.log(named(words));
    console.log(counted(words, 800));
  }
}

main();
