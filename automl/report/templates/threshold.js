(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("thresholds").textContent), rows = data.rows;
  var slider = document.getElementById("slider"), last = rows.length - 1;
  function by(id) { return document.getElementById(id); }
  function set(id, text) { var place = by(id); if (place) place.textContent = text; }
  function percent(share) {
    if (!isFinite(share)) return "–";
    var value = 100 * share, digits = value !== 0 && value !== 100 && (value < 9.95 || value > 99) ? 1 : 0;
    if (value > 99 && value < 100) value = Math.min(value, 99.9);
    return value.toFixed(digits) + "\u00a0%";
  }
  function money(amount) {
    var sign = amount < 0 ? "\u2212" : "", text = Number(Math.abs(amount).toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 6 });
    return data.currency.length === 1 ? sign + data.currency + text : sign + text + (data.currency ? "\u00a0" + data.currency : "");
  }
  function hundred(counts) {
    var total = counts.reduce(function (a, b) { return a + b; }, 0) || 1;
    var exact = counts.map(function (c) { return 100 * c / total; }), whole = exact.map(Math.floor);
    var left = 100 - whole.reduce(function (a, b) { return a + b; }, 0);
    exact.map(function (e, i) { return [whole[i] - e, i]; }).sort(function (a, b) { return a[0] - b[0] || a[1] - b[1]; })
      .slice(0, left).forEach(function (pair) { whole[pair[1]] += 1; });
    return whole;
  }
  function show(index) {
    var row = rows[index], hit = row[1], miss = row[2], alarm = row[3], rest = row[4];
    var parts = hundred([hit, miss, alarm, rest]), kinds = ["hit", "miss", "alarm", "rest"], marks = by("marks").children, next = 0;
    parts.forEach(function (number, kind) {
      set("count-" + kinds[kind], number);
      for (var i = 0; i < number && next < marks.length; i += 1) { marks[next].setAttribute("href", "#mark-" + kinds[kind]); next += 1; }
    });
    set("shown", percent(row[0]));
    set("tile-right", percent(hit / (hit + alarm)));
    set("tile-found", percent(hit / (hit + miss)));
    set("tile-flagged", percent((hit + alarm) / (hit + miss + alarm + rest)));
    if (row[5] !== null) set("tile-cost", money(1000 * row[5] / (hit + miss + alarm + rest)));
    var said = "Of 100 " + data.cases + ", " + (parts[0] + parts[2]) + " are flagged: " + parts[0] + " really " + data.event + ", " +
      parts[2] + (parts[2] === 1 ? " false alarm" : " false alarms") + ". Missed: " + parts[1] + ".";
    set("said", said);
    by("cases-description").textContent = said;
    slider.setAttribute("aria-valuetext", percent(row[0]) + ". " + said);
    document.querySelectorAll(".cursor").forEach(function (line) {
      var low = Math.min(rows[0][0], 0), high = Math.max(rows[last][0], 1);
      var x = Number(line.dataset.left) + Number(line.dataset.wide) * (row[0] - low) / (high - low);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    });
  }
  function move(index) { slider.value = index; show(index); }
  slider.addEventListener("input", function () { show(Number(slider.value)); });
  by("reset").addEventListener("click", function () { move(data.start); });
  if (by("cheapest")) by("cheapest").addEventListener("click", function () {
    var best = data.start;
    rows.forEach(function (row, i) { if (row[5] !== null && row[5] < rows[best][5]) best = i; });
    move(best);
  });
  function wish(id, good, backwards) {
    by(id).addEventListener("input", function () {
      var wanted = Number(by(id).value), found = -1;
      if (by(id).value === "") return;
      rows.forEach(function (row, i) {
        if (good(row, wanted / 100) && (found < 0 || backwards)) found = i;
      });
      if (found >= 0) move(found);
    });
  }
  wish("most", function (row, share) { return (row[1] + row[3]) / (row[1] + row[2] + row[3] + row[4]) <= share + 1e-9; }, false);
  wish("least", function (row, share) { return row[1] / (row[1] + row[2]) >= share - 1e-9; }, true);
  function capacity() {
    var weekly = Number(by("weekly").value), most = Number(by("capacity").value), found = -1;
    if (by("weekly").value === "" || by("capacity").value === "" || !(weekly > 0)) return;
    rows.forEach(function (row, i) {
      if (found < 0 && (row[1] + row[3]) / (row[1] + row[2] + row[3] + row[4]) <= most / weekly + 1e-9) found = i;
    });
    if (found >= 0) move(found);
  }
  by("weekly").addEventListener("input", capacity);
  by("capacity").addEventListener("input", capacity);
  if (by("segment")) by("segment").addEventListener("change", function () {
    var one = data.segments[Number(by("segment").value)], costs = data.costs;
    rows = !one ? data.rows : data.rows.map(function (row, i) {
      var hit = one[2][i], alarm = one[3][i], miss = one[1] - hit;
      return [row[0], hit, miss, alarm, one[0] - one[1] - alarm, costs ? costs[0] * miss + costs[1] * alarm : null];
    });
    var first = rows[0];
    set("looking", (first[1] + first[2] + first[3] + first[4]).toLocaleString("en-US") + " judged " + data.cases + (one ? "; the curves below are of all" : ""));
    show(Number(slider.value));
  });
  by("controls").hidden = false;
  show(data.start);
}());
