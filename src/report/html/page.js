"use strict";
/* Sorts, filters, pages and opens hosts. All markup was escaped by the program that wrote the page;
 * what is typed or stands in the address is compared only, and never becomes markup. */
(() => {
  const at = (id) => document.getElementById(id);
  const data = JSON.parse(at("data").textContent);
  const body = at("body");
  const details = at("details");
  const fieldNames = ["shape", "section", "id", "home", "kind", "weight", "address", "variant", "last", "words", "row"];
  const kinds = ["infected", "suspicious", "clean", "unknown"];
  const title = document.title;
  let rows = []; // objects with fieldNames
  let shown = []; // those that the filters let through, in order
  let page = 0;
  let order = { by: "gravity", down: false };
  let open = { base64: "", pieces: [] }; // the chunk of sections that was unpacked last
  let infections = [];

  const bytesOf = (base64) => {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  };

  const unpack = async (base64) => {
    const stream = new Blob([bytesOf(base64)]).stream();
    const plain = stream.pipeThrough(new DecompressionStream("deflate"));
    return (await new Response(plain).text()).split("\f");
  };

  const rowOf = (piece) => {
    const fields = piece.split("\t");
    const row = {};
    fieldNames.forEach((name, i) => (row[name] = fields[i]));
    row.kind = Number(row.kind);
    row.weight = Number(row.weight);
    row.last = Number(row.last);
    return row;
  };

  /* A host that was told of again is what was said last. */
  const readRows = async () => {
    const byId = new Map();
    for (const chunk of data.rows) {
      for (const piece of await unpack(chunk)) {
        const row = rowOf(piece);
        byId.set(row.id, row);
      }
    }
    rows = [...byId.values()];
  };

  const compareText = (x, y) => (x < y ? -1 : x > y ? 1 : 0);
  const comparisons = {
    gravity: (x, y) =>
      compareText(y.home, x.home) ||
      x.kind - y.kind ||
      y.weight - x.weight ||
      compareText(x.address, y.address) ||
      compareText(x.id, y.id),
    address: (x, y) => compareText(x.address, y.address),
    variant: (x, y) => compareText(x.variant || "~", y.variant || "~"),
    weight: (x, y) => y.weight - x.weight,
    last: (x, y) => y.last - x.last,
  };

  /* What a row says in plain words, made when it is first searched. Every < of a text is escaped, so
   * what stands between < and > is a tag. */
  const signOf = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };
  const wordsOf = (row) => {
    if (!row.plain)
      row.plain = `${row.row} ${row.words}`
        .replace(/<[^>]*>/g, " ")
        .replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => signOf[entity])
        .replace(/\s+/g, " ")
        .toLowerCase();
    return row.plain;
  };

  const isWanted = (row, wish) =>
    (wish.kind < 0 || row.kind === wish.kind) &&
    (!wish.network || row.home === wish.network) &&
    (!wish.variant || row.variant.includes(wish.variant)) &&
    wish.words.every((word) => wordsOf(row).includes(word));

  const draw = () => {
    const size = Number(at("rows").value);
    const pages = Math.max(1, Math.ceil(shown.length / size));
    page = Math.min(Math.max(page, 0), pages - 1);
    const from = page * size;
    const now = shown.slice(from, from + size);
    body.innerHTML = now.map((row) => row.row).join("");
    at("shown").textContent = shown.length
      ? `${(from + 1).toLocaleString("en")} to ${(from + now.length).toLocaleString("en")} of ` +
        `${shown.length.toLocaleString("en")} hosts` +
        (shown.length < rows.length ? `, of ${rows.length.toLocaleString("en")} in all` : "")
      : "No host is like that.";
    at("page").textContent = `Page ${page + 1} of ${pages}`;
    at("pager").hidden = pages === 1;
    at("before").disabled = page === 0;
    at("next").disabled = page === pages - 1;
  };

  const choose = () => {
    const wish = {
      kind: kinds.indexOf(at("verdict").value),
      variant: at("variant").value,
      network: at("network").value,
      words: at("search").value.toLowerCase().split(/\s+/).filter(Boolean),
    };
    const compare = comparisons[order.by];
    const sign = order.down ? -1 : 1;
    shown = rows.filter((row) => isWanted(row, wish));
    shown.sort((x, y) => sign * compare(x, y) || comparisons.gravity(x, y));
    page = 0;
    draw();
  };

  const sortBy = (head) => {
    const by = head.dataset.sort;
    order = { by, down: order.by === by && !order.down };
    for (const other of document.querySelectorAll("#table th[data-sort]"))
      other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    choose();
  };

  const makeHeads = () => {
    for (const head of document.querySelectorAll("#table th[data-sort]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sortBy(head));
      head.replaceChildren(button);
    }
  };

  /* Whoever types an address may leave out what a host's id adds of its site. */
  const isOf = (row, id) => id !== "" && (row.id === id || row.id.startsWith(`${id}-`));

  /* The section of a host: it stands in the page, or is put there. */
  const sectionOf = async (row) => {
    const there = at(row.id);
    if (there) return there;
    const base64 = data.sections[row.shape][Math.floor(row.section / data.sectionsAChunk)];
    if (open.base64 !== base64) open = { base64, pieces: await unpack(base64) };
    const told = infections.filter((i) => row.id === i.from || row.id === i.to);
    const list = told.map((i) => i.item).join("");
    const more = list ? `<h3>Who infected or attacked whom<\/h3><ul class="infections">${list}<\/ul>` : "";
    const frame = document.createElement("template");
    frame.innerHTML = open.pieces[row.section % data.sectionsAChunk] + more;
    details.append(frame.content);
    return at(row.id);
  };

  const showOverview = (target) => {
    document.body.classList.remove("one-host");
    document.title = title;
    if (!target) return;
    const closed = target.closest("details");
    if (closed) closed.open = true;
    target.scrollIntoView();
    const head = target.querySelector("h2, summary");
    if (head) head.focus({ preventScroll: true });
  };

  const showHost = async (row) => {
    const section = await sectionOf(row);
    for (const other of details.children) other.classList.toggle("open", other === section);
    document.body.classList.add("one-host");
    const head = section.querySelector("h2");
    document.title = `${head.textContent.trim()} - wormsign`;
    window.scrollTo(0, 0);
    head.focus({ preventScroll: true });
  };

  const follow = async () => {
    const id = location.hash.slice(1);
    const row = rows.find((one) => one.id === id) || rows.find((one) => isOf(one, id));
    if (row) return showHost(row);
    if (id.startsWith("host-")) {
      showOverview(at("hosts"));
      at("shown").textContent = "That host showed no sign of its own, and has no page.";
      return undefined;
    }
    return showOverview(id ? at(id) : null);
  };

  const listen = () => {
    const controls = at("controls");
    controls.addEventListener("input", choose);
    controls.addEventListener("submit", (event) => event.preventDefault());
    controls.addEventListener("reset", () => setTimeout(choose));
    const turn = (by) => {
      page += by;
      draw();
      at("hosts").scrollIntoView();
    };
    at("before").addEventListener("click", () => turn(-1));
    at("next").addEventListener("click", () => turn(1));
    for (const tile of document.querySelectorAll(".tile"))
      tile.addEventListener("click", () => {
        const elsewhere = tile.dataset.show === "elsewhere";
        at("verdict").value = elsewhere ? "infected" : tile.dataset.show;
        at("network").value = elsewhere ? "0" : "1";
        choose();
      });
    window.addEventListener("hashchange", follow);
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
      if (event.key === "Escape" && document.body.classList.contains("one-host"))
        location.hash = "#hosts";
      if (event.key === "/" && !typing) {
        event.preventDefault();
        at("search").focus();
      }
    });
  };

  const begin = async () => {
    await readRows();
    infections = (await Promise.all(data.infections.map(unpack))).flat().map((piece) => {
      const [from, to, item] = piece.split("\t");
      return { from, to, item };
    });
    makeHeads();
    listen();
    choose();
    at("controls").hidden = false;
    document.body.classList.add("scripted");
    await follow();
    document.body.dataset.ready = "yes";
  };

  if (!body) document.body.dataset.ready = "yes";
  else if (typeof DecompressionStream === "undefined")
    at("shown").textContent = "This browser is too old to show further hosts; the gravest are here.";
  else begin();
})();
