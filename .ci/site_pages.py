"""Hooks of the docs site: pages whose text stands elsewhere in the repository, and their links."""

import json
import re
from pathlib import Path
from posixpath import normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
_PAGES = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
_NOTEBOOKS = ROOT / "examples" / "notebooks"
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_ELSEWHERE = re.compile(r"[a-z]+:|#|//")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made: README and its like, and the notebooks."""
    for page, source in _PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    for notebook in sorted(_NOTEBOOKS.glob("*.ipynb")):
        page = f"notebooks/{notebook.stem}.md"
        files.append(File.generated(config, page, content=notebook_text(notebook)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between files of the repository into links between pages of the site."""
    del config
    here = page.file.src_uri
    sources = {source: made for made, source in _PAGES.items()}
    folder = Path(_source_of(here)).parent.as_posix()

    def page_link(link: re.Match[str]) -> str:
        label, target = link.groups()
        path, hash_sign, anchor = target.partition("#")
        if _ELSEWHERE.match(target):
            return link[0]
        source = normpath(f"{folder}/{path}")
        made = sources.get(source, source.removeprefix("docs/"))
        made = f"notebooks/{Path(source).stem}.md" if source.endswith(".ipynb") else made
        for candidate in (made, f"{made}/index.md"):
            if files.get_file_from_path(candidate):
                url = relpath(candidate, Path(here).parent.as_posix())
                return f"[{label}]({url}{hash_sign}{anchor})"
        # a file of the repository that is no page of the site is named, not linked
        return label if (ROOT / source).exists() else link[0]

    return _LINK.sub(page_link, markdown)


def _source_of(page: str) -> str:
    """Return the file of the repository that a page's text comes from."""
    if page.startswith("notebooks/"):
        return f"examples/{page}"
    return _PAGES.get(page, f"docs/{page}")


def notebook_text(path: Path) -> str:
    """Return a notebook as Markdown: texts as they are, code in fences."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells]
    blocks = [
        f"```python\n{text}\n```" if cell["cell_type"] == "code" else text
        for cell, text in zip(cells, texts, strict=True)
    ]
    blocks.append(f"The notebook itself: `examples/notebooks/{path.name}`.")
    return "\n\n".join(blocks) + "\n"
