// Texts built from numbers, joined, split, searched, cut and replaced.

function main(rounds) {
  let total = 0;
  for (let round = 0; round < rounds; round++) {
    const words = [];
    for (let i = 0; i < 20000; i++) words.push("cow" + String(i + round));
    const text = words.join(",");
    total += text.length;
    let count = 0;
    for (const word of text.split(",")) {
      if (word.startsWith("cow1")) count++;
      if (word.slice(3, 5) === "77") count++;
    }
    total += count;
    total += text.replaceAll("cow", "calf").length;
    total += text.indexOf("cow9999");
    total += `Number ${round} of ${rounds}: ${count} found.`.toUpperCase().length;
  }
  console.log(total);
}

main(30);
