// How the search orders what it finds: first what bears the very name or number asked for, then pages whose title holds the words
// asked for, then Sphinx's own order. Sphinx writes this into the script that it loads before its search.
function wordsOf(text) {
  const words = text.replace(/<[^>]*>/g, "").toLowerCase().split(/[^\p{Letter}\p{Number}_]+/u).filter(Boolean);
  return (words[0] === "the" ? words.slice(1) : words).join(" ");
}

// "Theorem 3.1: The limit law" is called so, "Theorem 3.1", "3.1" or "The limit law"; "Law.cdf" is called so, or "cdf".
function namesOfObject(title) {
  const [head, ...rest] = title.split(": ");
  return [title, head, head.split(" ").at(-1), rest.join(": "), title.split(".").at(-1)];
}

// "4. The low-pass picture" is called so, or "The low-pass picture".
function namesOfPage(title) {
  const plain = title.replace(/<[^>]*>/g, "");
  return [plain, plain.replace(/^\d+\. /, "")];
}

var Scorer = {
  // Sphinx's numbers, which it takes from here as soon as there is a function of ours.
  objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
  score([, title, anchor, description, score]) {
    const asked = wordsOf(new URLSearchParams(location.search).get("q") ?? "");
    if (asked === "") return score;
    const names = (description ? namesOfObject(title) : namesOfPage(title)).map(wordsOf);
    if (names.includes(asked)) return score + 1000;
    const holds = names.some((name) => ` ${name} `.includes(` ${asked} `));
    return holds ? score + (anchor === "" ? 500 : 100) : score;
  },
};
