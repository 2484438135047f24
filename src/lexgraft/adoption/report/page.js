(function () {
  "use strict";
  var root = document.documentElement;
  var title = document.querySelector("title");
  var all = function (selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); };

  function press(buttons, chosen) {
    buttons.forEach(function (button) { button.setAttribute("aria-pressed", String(button === chosen)); });
  }

  var tongues = all("[data-lang]");
  function speak(language) {
    root.lang = language;
    document.title = title.getAttribute("data-" + language);
    press(tongues, tongues.filter(function (button) { return button.dataset.lang === language; })[0]);
    document.dispatchEvent(new Event("spoken"));
  }
  tongues.forEach(function (button) {
    button.addEventListener("click", function () { speak(button.dataset.lang); });
  });

  window.addEventListener("beforeprint", function () {
    all("details").forEach(function (part) { part.open = true; });
  });

  // links to other pages of this report open them in the language of this one
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("a[href*='.html#']");
    if (link) { link.hash = link.hash.replace(/&lang=\w+|$/, "&lang=" + root.lang); }
  });

  var asked = /^#(?:.*[?&]lang=)?(en|ja)(?:&|$)/.exec(location.hash);
  var preferred = /^ja\b/.test(navigator.language) ? "ja" : "en";
  speak(asked ? asked[1] : preferred);
  root.classList.add("script");
}());
