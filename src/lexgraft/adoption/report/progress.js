// What the run has done so far, asked again every second while it goes on.
(function () {
  "use strict";
  var rows = document.getElementById("progress-rows"), report = document.getElementById("progress-report");
  var shown = function (kind) { return document.getElementById("progress-" + kind); };
  function time(seconds) {
    if (seconds === null || seconds === undefined) { return "–"; }
    var whole = Math.round(seconds), hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return (hours ? hours + ":" + String(minutes).padStart(2, "0") : minutes) + ":" + String(whole % 60).padStart(2, "0");
  }
  function write(row) {
    var cells = rows.querySelectorAll("[data-stage]"), line = null;
    cells.forEach(function (cell) { if (cell.dataset.stage === row.stage) { line = cell; } });
    if (!line) { return false; }
    line.dataset.state = row.state;
    line.querySelectorAll("[data-state-word]").forEach(function (word) { word.hidden = word.dataset.stateWord !== row.state; });
    line.querySelector(".taken").textContent = time(row.seconds);
    line.querySelector(".foreseen").textContent = time(row.foreseen);
    line.querySelector(".given").textContent = row.answers.toLocaleString("en");
    return true;
  }
  function look() {
    fetch("/progress.json").then(function (answer) { return answer.json(); }).then(function (progress) {
      if (!progress.stages.every(write)) { location.reload(); return; }
      shown("running").hidden = !progress.running;
      shown("resting").hidden = progress.running;
      report.hidden = !progress.report;
      setTimeout(look, progress.running ? 1000 : 3000);
    }, function () { setTimeout(look, 3000); });
  }
  setTimeout(look, 1000);
}());
