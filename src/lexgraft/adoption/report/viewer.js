// The answers behind every number: filtered, sorted, compared and counted within this file.
(function () {
  "use strict";
  var block = document.getElementById("answers-data");
  if (!block) { return; }
  var data = JSON.parse(block.textContent);
  var root = document.documentElement;
  var at = function (id) { return document.getElementById("answers-" + id); };
  var list = at("list"), body = at("rows"), counter = at("count"), detail = at("detail");
  var controls = Array.prototype.slice.call(document.querySelectorAll("#answers [name]"));
  var SHAPES = { acquired: "＋", kept: "＝", lost: "−", never: "·" };
  var COLUMNS = ["fate", "term", "target", "one", "other", "change"];

  // --- words and elements: whatever comes from a file is set as text, never as markup -----------
  function make(name, attributes) {
    var element = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) {
      element.setAttribute(key, attributes[key]);
    });
    Array.prototype.slice.call(arguments, 2).forEach(function (child) {
      element.append(child === undefined || child === null ? "" : child);
    });
    return element;
  }
  function foreign(text) { return make("bdi", {}, text); }
  function pair(key) { return data.words[key] || [key, key]; }
  function said(key) { return pair(key)[root.lang === "ja" ? 1 : 0]; }
  function word(key) {
    var both = pair(key);
    if (both[0] === both[1]) { return both[0]; }
    var texts = document.createDocumentFragment();
    texts.append(make("span", { "class": "t", lang: "en" }, both[0]));
    texts.append(make("span", { "class": "t", lang: "ja" }, both[1]));
    return texts;
  }
  function plain(text) { return text.normalize("NFKC").toLowerCase(); }
  function signed(value) { return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2); }

  // --- what was asked: a row is a concept in one use and direction, with its questions -----------
  var CONCEPT = { id: 0, names: 1, definitions: 2, field: 3, rarity: 4, taught: 5 };
  var QUESTION = { concept: 0, form: 1, draw: 2, needs: 3, script: 4, context: 5, options: 6,
    gold: 7, answers: 8, shown: 9 };
  function of(record, shape, key) { return record[shape[key]]; }
  function name(concept, language) {
    return (of(concept, CONCEPT, "names")[language] || [])[0] || "";
  }
  function right(question, model) {
    var answer = of(question, QUESTION, "answers")[model];
    if (!answer) { return null; }
    if (data.light) { return answer[0]; }
    if (of(question, QUESTION, "options").length) {
      return answer[0] === of(question, QUESTION, "gold") ? 1 : 0;
    }
    return answer[0];
  }
  function margin(question, model) {
    var answer = of(question, QUESTION, "answers")[model];
    if (!answer || !answer[1] || (data.light ? answer[1] === null : !answer[1].length)) { return null; }
    if (data.light) { return answer[1][0] / 100; }
    var gold = of(question, QUESTION, "gold"), best = -Infinity;
    answer[1].forEach(function (score, index) { if (index !== gold) { best = Math.max(best, score); } });
    return (answer[1][gold] - best) / 100;
  }
  var rows = [], known = new Map();
  data.questions.forEach(function (question) {
    var form = data.forms[of(question, QUESTION, "form")];
    var key = form[0] + " " + form[1] + " " + of(question, QUESTION, "concept");
    var row = known.get(key);
    if (!row) {
      row = { use: form[0], direction: form[1], number: of(question, QUESTION, "concept"), questions: [] };
      row.concept = data.concepts[row.number];
      known.set(key, row);
      rows.push(row);
    }
    row.questions.push(question);
  });
  rows.forEach(function (row) {
    var concept = row.concept, first = row.questions[0], ends = row.direction.split("->");
    row.id = of(concept, CONCEPT, "id");
    row.term = name(concept, data.domain) || name(concept, ends[0]) || row.id;
    row.target = name(concept, data.target) || name(concept, ends[1]);
    row.field = of(concept, CONCEPT, "field");
    row.script = of(first, QUESTION, "script");
    var rarity = of(concept, CONCEPT, "rarity"), zipf = rarity[ends[1]];
    if (zipf === undefined) { zipf = Object.values(rarity)[0]; }
    row.band = zipf === undefined ? "unknown" : zipf <= 0 ? "Zipf 0" :
      "Zipf " + Math.floor(zipf) + "–" + (Math.floor(zipf) + 1);
  });
  function textOf(row) {  // what is searched; made when somebody searches
    row.text = row.text || plain([row.id, row.term, row.target, row.field].concat(
      Object.values(of(row.concept, CONCEPT, "names")).flat()).join(" "));
    return row.text;
  }

  // known: right in every question that counts; "ungraded" where a text has no right answer
  function verdict(row, model, needs) {
    var all = 1, asked = false;
    for (var i = 0; i < row.questions.length; i++) {
      var question = row.questions[i];
      if (needs && of(question, QUESTION, "needs") !== needs) { continue; }
      var value = right(question, model);
      if (value === null) { return null; }
      asked = true;
      if (value < 0) { return -1; }
      if (!value) { all = 0; }
    }
    return asked ? all : null;
  }
  function meanMargin(row, model, needs) {
    var sum = 0, count = 0;
    row.questions.forEach(function (question) {
      if (needs && of(question, QUESTION, "needs") !== needs) { return; }
      var value = margin(question, model);
      if (value !== null) { sum += value; count += 1; }
    });
    return count ? sum / count : null;
  }
  function fateOf(one, other) {
    if (one === null || other === null || one < 0 || other < 0) { return ""; }
    return one ? (other ? "kept" : "acquired") : (other ? "lost" : "never");
  }

  // --- the state: what the address says after #answers? --------------------------------------------
  var DEFAULTS = { use: "", pair: "", model: "", "with": "", fate: "", needs: "", field: "", band: "",
    script: "", taught: "", q: "", sort: "fate", row: "" };
  var state = Object.assign({}, DEFAULTS), shown = [];
  function values(key, fits) {
    return Array.from(new Set(rows.filter(fits || Boolean).map(function (row) { return row[key]; })));
  }
  var SPLITS = ["choose", "confirm"]; // each concept is in one of them, so both can be shown together
  function isOf(row, use) { return use === "both" ? SPLITS.indexOf(row.use) >= 0 : row.use === use; }
  function usesOf() {
    var uses = values("use"), both = SPLITS.every(function (use) { return uses.indexOf(use) >= 0; });
    return both ? uses.concat("both") : uses;
  }
  function modelsOf(use, direction) {
    return data.models.filter(function (_, model) {
      return rows.some(function (row) {
        return isOf(row, use) && (!direction || row.direction === direction) &&
          right(row.questions[0], model) !== null;
      });
    });
  }
  function chosen(wanted, among, fallback) {
    return among.indexOf(wanted) >= 0 ? wanted : among.indexOf(fallback) >= 0 ? fallback : among[0] || "";
  }
  function settle() {
    state.use = chosen(state.use, usesOf(), "confirm");
    var directions = values("direction", function (row) { return isOf(row, state.use); });
    state.pair = chosen(state.pair, directions, data.domain + "->" + data.target);
    var models = modelsOf(state.use, state.pair);
    state.model = chosen(state.model, models, models.indexOf(data.result) < 0 ? models[models.length - 1] : data.result);
    state["with"] = chosen(state["with"], models, models.indexOf("G") < 0 ? models[0] : "G");
    fill("use", usesOf(), "use ");
    fill("pair", directions, "pair ");
    fill("model", models, "model ");
    fill("with", models, "model ");
    var here = function (row) { return isOf(row, state.use) && row.direction === state.pair; };
    var needs = new Set();
    rows.filter(here).forEach(function (row) {
      row.questions.forEach(function (question) { needs.add(of(question, QUESTION, "needs")); });
    });
    fill("needs", [""].concat(Array.from(needs).filter(Boolean).sort()), "needs ");
    fill("field", [""].concat(values("field", here).filter(Boolean).sort()), "field ");
    fill("band", [""].concat(values("band", here).sort()), "band ");
    fill("script", [""].concat(values("script", here).filter(Boolean).sort()), "script ");
    fill("taught", ["", "1"], "taught ");
    fill("fate", ["", "acquired", "kept", "lost", "never", "right", "wrong"], "fate ");
    controls.forEach(function (control) { control.value = state[control.name]; });
  }
  function fill(control, among, kind) {
    var select = at(control);
    select.replaceChildren.apply(select, among.map(function (value) {
      var key = kind + value;
      return make("option", { value: value }, data.words[key] ? said(key) : value || said("all"));
    }));
  }
  function address(changes) {
    var wanted = Object.assign({}, state, changes), query = new URLSearchParams();
    Object.keys(DEFAULTS).forEach(function (key) {
      if (wanted[key] && wanted[key] !== DEFAULTS[key]) { query.set(key, wanted[key]); }
    });
    query.set("lang", root.lang);
    return "#answers?" + query.toString().replace(/%3E/g, ">");
  }
  function read() {
    var mark = location.hash.indexOf("?");
    if (location.hash.slice(0, mark) !== "#answers") { return false; }
    var query = new URLSearchParams(location.hash.slice(mark + 1));
    Object.keys(DEFAULTS).forEach(function (key) { state[key] = query.get(key) || DEFAULTS[key]; });
    return true;
  }

  // --- filter, sort, count ------------------------------------------------------------------------
  function apply() {
    var one = data.models.indexOf(state.model), other = data.models.indexOf(state["with"]);
    var words = plain(state.q).split(/\s+/).filter(Boolean);
    var all = 0;
    shown = [];
    rows.forEach(function (row) {
      if (!isOf(row, state.use) || row.direction !== state.pair) { return; }
      row.one = verdict(row, one, state.needs);
      row.other = verdict(row, other, state.needs);
      if (row.one === null) { return; }
      all += 1;
      row.fate = fateOf(row.one, row.other);
      var fits = (!state.field || row.field === state.field) && (!state.band || row.band === state.band) &&
        (!state.script || row.script === state.script) && (!state.taught || of(row.concept, CONCEPT, "taught")) &&
        (!state.fate || row.fate === state.fate || (state.fate === "right" && row.one === 1) ||
          (state.fate === "wrong" && row.one === 0)) &&
        words.every(function (part) { return textOf(row).indexOf(part) >= 0; });
      if (!fits) { return; }
      row.marginOne = meanMargin(row, one, state.needs);
      row.marginOther = meanMargin(row, other, state.needs);
      row.change = row.marginOne === null || row.marginOther === null ? null : row.marginOne - row.marginOther;
      shown.push(row);
    });
    sort();
    counter.textContent = shown.length.toLocaleString("en") + " / " + all.toLocaleString("en");
    list.setAttribute("aria-rowcount", String(shown.length + 1));
    list.scrollTop = 0;
    current = 0;
    draw(true);
  }
  var ORDER = { lost: 0, acquired: 1, kept: 2, never: 3, "": 4 };
  var compare = new Intl.Collator("ja").compare;
  function sort() {
    var key = state.sort.replace(/^-/, ""), turn = state.sort[0] === "-" ? -1 : 1;
    var number = { one: "marginOne", other: "marginOther", change: "change" }[key];
    shown.sort(function (a, b) {
      var by = 0;
      if (number) { by = (a[number] === null ? -Infinity : a[number]) - (b[number] === null ? -Infinity : b[number]) || 0; }
      else if (key === "fate") { by = ORDER[a.fate] - ORDER[b.fate] || Math.abs(b.change) - Math.abs(a.change); }
      else { by = compare(a[key], b[key]); }
      return turn * by || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
    });
    COLUMNS.forEach(function (column) {
      var direction = column !== key ? "none" : turn > 0 ? "ascending" : "descending";
      at("sort-" + column).parentNode.setAttribute("aria-sort", direction);
    });
  }

  // --- the list: only rows near the window exist, and those that stay in it are left alone ----------
  var HEIGHT = 44, AROUND = 12, lines = new Map(), first = 0, last = 0, room = 600;
  var current = 0; // Tab stops once in the list; from there arrows lead from row to row
  function draw(anew) {
    if (anew) {
      lines.clear();
      body.replaceChildren();
      body.style.height = shown.length * HEIGHT + "px";
      list.style.height = Math.min(shown.length + 1, 11) * HEIGHT + 4 + "px";
      room = list.clientHeight || 600;
      first = last = 0;
    }
    var above = list.scrollTop, from = Math.floor(above / HEIGHT), to = Math.ceil((above + room) / HEIGHT);
    if (!anew && Math.max(0, from - 2) >= first && Math.min(shown.length, to + 2) <= last) { return; }
    var top = Math.max(0, from - AROUND), end = Math.min(shown.length, to + AROUND);
    lines.forEach(function (line, index) {
      if (index < top || index >= end) { line.remove(); lines["delete"](index); }
    });
    var before = document.createDocumentFragment(), after = document.createDocumentFragment();
    for (var index = top; index < end; index++) {
      if (lines.has(index)) { continue; }
      var made = line(shown[index], index);
      lines.set(index, made);
      (index < first ? before : after).append(made);
    }
    body.prepend(before);
    body.append(after);
    first = top;
    last = end;
    var inSight = Math.min(Math.max(current, Math.ceil(above / HEIGHT)), Math.max(top, end - AROUND - 2), shown.length - 1);
    var stop = current >= top && current < end ? current : inSight;
    lines.forEach(function (line, index) {
      var tab = index === stop ? "0" : "-1", link = line.children[1].firstChild;
      if (link.getAttribute("tabindex") !== tab) { link.setAttribute("tabindex", tab); }
    });
  }
  function walk(event) {
    var link = event.target.closest && event.target.closest("a"), page = Math.floor(list.clientHeight / HEIGHT) - 1;
    var steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -shown.length, End: shown.length };
    if (!link || !(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) { return; }
    event.preventDefault();
    current = Number(link.closest(".row").getAttribute("aria-rowindex")) - 2 + steps[event.key];
    current = Math.max(0, Math.min(shown.length - 1, current));
    var above = current * HEIGHT, below = room - 2 * HEIGHT;
    if (above < list.scrollTop) { list.scrollTop = above; }
    if (above > list.scrollTop + below) { list.scrollTop = above - below; }
    draw(true);
    body.querySelector("[aria-rowindex='" + (current + 2) + "'] a").focus({ preventScroll: true });
  }
  var sketches = {}; // rows without texts, one of each look: a copy costs less than twenty elements
  function sketch(row) {
    var fate = make("span", { "class": "fate " + row.fate });
    if (row.fate) { fate.append(make("span", { "class": "sign", "aria-hidden": "true" }, SHAPES[row.fate]), word("fate " + row.fate)); }
    return make("div", { role: "row" },
      make("span", { role: "gridcell" }, fate), make("span", { role: "gridcell" }, make("a", {}, foreign(""))),
      make("span", { role: "gridcell" }, foreign("")),
      make("span", { role: "gridcell", "class": "number" }, mark(row.one), " "),
      make("span", { role: "gridcell", "class": "number" }, mark(row.other), " "),
      make("span", { role: "gridcell", "class": "number" }));
  }
  function line(row, index) {
    var look = row.fate + " " + row.one + " " + row.other;
    sketches[look] = sketches[look] || sketch(row);
    var element = sketches[look].cloneNode(true), cells = element.children, link = cells[1].firstChild;
    element.setAttribute("aria-rowindex", String(index + 2));
    element.className = row.id === state.row ? "row chosen" : "row";
    element.style.transform = "translateY(" + index * HEIGHT + "px)";
    link.href = place(row);
    link.dataset.row = row.id;
    link.firstChild.textContent = row.term;
    cells[2].firstChild.textContent = row.target;
    cells[3].append(score(row.marginOne));
    cells[4].append(score(row.marginOther));
    cells[5].textContent = row.change === null ? "" : signed(row.change);
    return element;
  }
  function mark(value) {
    if (value === null || value < 0) { return ""; }
    var kind = value ? "pass" : "fail";
    return make("span", { "class": kind }, make("span", { "class": "sign", "aria-hidden": "true" }, value ? "✓" : "✕"),
      make("span", { "class": "aloud" }, word(value ? "choice_right" : "choice_wrong")));
  }
  function score(value) { return value === null ? "" : signed(value); }
  var here = { key: "", address: "" }; // the address of the view, made once: only the row differs
  function place(row) {
    var page = data.pages ? data.pages[row.number] : "", key = root.lang + JSON.stringify(state);
    if (here.key !== key) { here = { key: key, address: address({ row: "" }) }; }
    var language = here.address.lastIndexOf("lang=");
    return (data.light ? page : "") + here.address.slice(0, language) + "row=" + encodeURIComponent(row.id) +
      "&" + here.address.slice(language);
  }

  // --- one concept, down to each option -------------------------------------------------------------
  function open(focus) {
    var row = state.row && rows.find(function (candidate) {
      return candidate.id === state.row && isOf(candidate, state.use) && candidate.direction === state.pair;
    });
    detail.hidden = !row || data.light;
    if (data.part) {
      document.querySelector("a[href^='index.html#']").href = "index.html" + address({ row: "" });
      document.querySelectorAll(".choosing, .counted, .rows").forEach(function (part) { part.hidden = true; });
    }
    detail.replaceChildren();
    Array.prototype.forEach.call(body.children, function (line) {
      line.classList.toggle("chosen", line.querySelector("a").dataset.row === state.row);
    });
    if (detail.hidden) { return; }
    detail.append(heading(row), facts(row));
    rows.filter(function (other) { return other.number === row.number; }).sort(function (a, b) {
      return Number(b === row) - Number(a === row);
    }).forEach(function (other) {
      var questions = other.questions.map(asked);
      if (other === row) { detail.append.apply(detail, questions); return; }
      var folded = make("details", {}, make("summary", {}, word("use " + other.use), " · ", word("pair " + other.direction)));
      folded.append.apply(folded, questions);
      detail.append(folded);
    });
    if (focus) { detail.focus(); }
  }
  function heading(row) {
    var head = make("h3", { id: "answers-detail-title" }, foreign(row.term));
    if (row.target) { head.append(" · ", foreign(row.target)); }
    return head;
  }
  function fact(list, key, value) { if (value) { list.append(make("div", {}, make("dt", {}, word(key)), make("dd", {}, value))); } }
  function facts(row) {
    var concept = row.concept, list = make("dl", { "class": "settings" });
    fact(list, "concept", foreign(row.id));
    Object.keys(of(concept, CONCEPT, "names")).forEach(function (language) {
      fact(list, "language " + language, make("span", { lang: language }, foreign(of(concept, CONCEPT, "names")[language].join(" · "))));
    });
    Object.keys(of(concept, CONCEPT, "definitions")).forEach(function (language) {
      fact(list, "definition", make("span", { lang: language }, foreign(of(concept, CONCEPT, "definitions")[language])));
    });
    fact(list, "field", row.field && foreign(row.field));
    fact(list, "band", data.words["band " + row.band] ? word("band " + row.band) : row.band);
    if (of(concept, CONCEPT, "taught")) { fact(list, "taught", word("yes")); }
    return list;
  }
  function asked(question) {
    var form = data.forms[of(question, QUESTION, "form")], needs = of(question, QUESTION, "needs");
    var ends = form[1].split("->"), options = of(question, QUESTION, "options");
    var head = make("h4", {}, word("kind " + form[2]), " · ", word("pair " + form[1]), " · ", word("draw"), " " + (of(question, QUESTION, "draw") + 1));
    if (needs) { head.append(" · ", word("needs " + needs)); }
    var part = make("div", { "class": "asked" }, head);
    var shown = of(question, QUESTION, "shown") || {};
    Object.keys(shown).forEach(function (model) {
      if (!shown[model]) { return; }
      part.append(make("details", {}, make("summary", {}, word("glossary_block"), " · ", word("model " + model)),
        make("p", { "class": "prompt", lang: ends[1] }, foreign(shown[model]))));
    });
    part.append(make("p", { "class": "prompt", lang: ends[0] }, foreign(of(question, QUESTION, "context"))));
    part.append(options.length ? table(question, options, ends[1]) : texts(question, ends[1]));
    return part;
  }
  function ordered(question) {
    var asked = data.models.map(function (_, model) { return model; }).filter(function (model) {
      return of(question, QUESTION, "answers")[model];
    });
    var front = [state.model, state["with"]].map(function (name) { return data.models.indexOf(name); });
    return front.filter(function (model, index) { return asked.indexOf(model) >= 0 && front.indexOf(model) === index; })
      .concat(asked.filter(function (model) { return front.indexOf(model) < 0; }));
  }
  function table(question, options, language) {
    var models = ordered(question), gold = of(question, QUESTION, "gold");
    var heads = make("tr", {}, make("th", { scope: "col" }, word("option")));
    models.forEach(function (model) {
      heads.append(make("th", { scope: "col", "class": "number" }, word("model " + data.models[model])));
    });
    var lines = make("tbody");
    options.forEach(function (option, index) {
      var line = make("tr", { "class": index === gold ? "gold" : "" }, make("th", { scope: "row", lang: language }, foreign(option.trim())));
      if (index === gold) { line.firstChild.append(" ", make("span", { "class": "chip" }, word("right_option"))); }
      models.forEach(function (model) {
        var answer = of(question, QUESTION, "answers")[model], cell = make("td", { "class": "number" });
        if (answer[0] === index) { cell.append(mark(index === gold ? 1 : 0), make("span", { "class": "aloud" }, word("its_choice")), " "); }
        cell.append(signed(answer[1][index] / 100));
        line.append(cell);
      });
      lines.append(line);
    });
    var note = make("p", { "class": "note" }, word("answers_scores"));
    var part = make("div", {}, make("div", { "class": "wide", tabindex: "0" }, make("table", { "class": "plain chosen-options" }, make("thead", {}, heads), lines)), note);
    return part;
  }
  function texts(question, language) {
    var list = make("dl", { "class": "answers" });
    ordered(question).forEach(function (model) {
      var answer = of(question, QUESTION, "answers")[model], head = make("dt", {}, word("model " + data.models[model]));
      if (answer[3]) { head.append(" ", make("span", { "class": "chip" }, word("grade " + answer[3]))); }
      list.append(make("div", {}, head, make("dd", { lang: language }, foreign(answer[2].trim() || "∅"))));
    });
    return list;
  }

  // --- a table for a spreadsheet --------------------------------------------------------------------
  function cell(value) {
    var text = String(value === null || value === undefined ? "" : value);
    if (typeof value !== "number" && /^[\s]*[=+\-@\t\r＝＋－＠]/.test(text)) { text = "'" + text; }
    return '"' + text.replace(/"/g, '""') + '"';
  }
  function csv() {
    var models = modelsOf(state.use, state.pair);
    var heads = ["use", "direction", "concept", "term", "target", "field", "frequency", "script", "taught", "fate of " + state.model + " against " + state["with"]];
    models.forEach(function (model) { heads.push(model + ": known", model + ": margin"); });
    var lines = shown.map(function (row) {
      var cells = [row.use, row.direction, row.id, row.term, row.target, row.field, row.band, row.script, Number(of(row.concept, CONCEPT, "taught")), row.fate];
      models.forEach(function (model) {
        var number = data.models.indexOf(model), value = verdict(row, number, state.needs);
        cells.push(value === null || value < 0 ? "" : value, meanMargin(row, number, state.needs));
      });
      return cells.map(cell).join(",");
    });
    return "\ufeff" + [heads.map(cell).join(",")].concat(lines).join("\r\n") + "\r\n";
  }
  function download() {
    var link = make("a", { download: "answers.csv", href: URL.createObjectURL(new Blob([csv()], { type: "text/csv" })) });
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  }
  function copy() {
    var text = location.href.split("#")[0] + address({});
    var done = function () { at("copied").textContent = said("copied"); };
    if (navigator.clipboard) { navigator.clipboard.writeText(text).then(done, function () { at("copied").textContent = text; }); }
    else { at("copied").textContent = text; }
  }

  // --- what people do -------------------------------------------------------------------------------
  function changed() {
    history.replaceState(null, "", address({}));
    apply();
    open(false);
  }
  var waiting = 0;
  controls.forEach(function (control) {
    control.addEventListener(control.type === "search" ? "input" : "change", function () {
      state[control.name] = control.value;
      if (control.name !== "q") { state.row = ""; }
      clearTimeout(waiting);
      waiting = setTimeout(function () { if (control.type !== "search") { settle(); } changed(); }, control.type === "search" ? 60 : 0);
    });
  });
  COLUMNS.forEach(function (column) {
    at("sort-" + column).addEventListener("click", function () {
      state.sort = state.sort === column ? "-" + column : column;
      changed();
    });
  });
  var drawing = false;
  list.addEventListener("scroll", function () {
    if (drawing) { return; }
    drawing = true;
    requestAnimationFrame(function () { drawing = false; draw(false); });
  }, { passive: true });
  body.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("a");
    if (!link || data.light || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    event.preventDefault();
    state.row = link.dataset.row;
    history.replaceState(null, "", address({}));
    open(true);
  });
  body.addEventListener("keydown", walk);
  at("csv").addEventListener("click", download);
  at("copy").addEventListener("click", copy);
  document.addEventListener("spoken", function () {
    settle();
    if (read()) { history.replaceState(null, "", address({})); }
    draw(true);
  });
  function arrive() {
    var asked = read();
    settle();
    apply();
    open(false);
    if (asked) { (state.row && !detail.hidden ? detail : document.getElementById("answers")).scrollIntoView(); }
  }
  window.addEventListener("hashchange", arrive);
  arrive();
}());
