"""A page of tables in English and Japanese that needs nothing else: no script, no network."""

from lexgraft.adoption.report.markup import Html, element, foreign, spoken

_EVERY = """
body { font: 15px/1.5 system-ui, "Hiragino Sans", "Noto Sans JP", "Yu Gothic UI", sans-serif;
  margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1d2329; background: #fff;
  font-variant-numeric: tabular-nums; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
"""
_STYLE = """
p { max-width: 50rem; color: #4d5761; } .t + .t { display: block; margin-top: .3rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
th, td { padding: .35rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere;
  border-bottom: 1px solid #c9ced2; }
th { font-weight: 600; } .number { text-align: right; }
mark { background: #ffe08a; color: inherit; }
"""


def plain_page(key: str, subject: str, *content: Html) -> str:
    """Return the page; `key` is its title in the words of the report, `subject` what it is of."""
    title = element("h1", spoken(key))
    main = element("main", title, element("p", foreign(subject)), *content)
    return still_page(f"{subject} · {spoken(key)}", _STYLE, main)


def still_page(title: str, style: str, content: Html) -> str:
    """Return a page on which nothing runs and that fetches nothing; `style` adds to that of all."""
    head = element(
        "head",
        Html('<meta charset="utf-8">'),
        Html(
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        ),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", title),
        element("style", Html(_EVERY + style)),
    )
    body = element("body", content)
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"
