"""Write the generated parts of docs/architecture.md: the import graphs and the table of packages.

    .venv/bin/python scripts/architecture.py            write them
    .venv/bin/python scripts/architecture.py --check    exit 1 when they are stale

The graphs come from grimp, which reads every import statement of the source, including those inside
functions. An edge carries the number of modules that import from its target.
"""

import argparse
import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/architecture.md"
PACKAGES = (
    "api",
    "conversation",
    "assistant",
    "triage",
    "knowledge_base",
    "accounts",
    "language",
    "store",
)
_REGENERATE = "run `.venv/bin/python scripts/architecture.py`"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with `--check` compare it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="exit 1 when the page is stale")
    check_only = parser.parse_args(arguments).check
    page = PAGE.read_text(encoding="utf-8")
    generated = render(page, _sections(_import_graph()))
    if generated == page:
        return 0
    if check_only:
        print(f"{PAGE.relative_to(ROOT)} is stale: {_REGENERATE}", file=sys.stderr)
        return 1
    PAGE.write_text(generated, encoding="utf-8")
    return 0


def render(page: str, sections: Mapping[str, str]) -> str:
    """Return `page` with each section between its markers replaced.

    Raises:
        ValueError: A section does not have exactly one pair of markers.
    """
    for name, content in sections.items():
        begin, end = f"<!-- generated: {name} -->", "<!-- end of generated -->"
        pattern = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
        found = list(pattern.finditer(page))
        if len(found) != 1:
            raise ValueError(f"{PAGE.name} must have one section {name!r}")
        start, stop = found[0].span()
        page = f"{page[:start]}{begin}\n{content}\n{end}{page[stop:]}"
    return page


def _import_graph() -> grimp.ImportGraph:
    # This checkout comes before any other that the environment has installed.
    sys.path.insert(0, str(ROOT))
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def _sections(graph: grimp.ImportGraph) -> dict[str, str]:
    return {
        "packages": _flowchart(_edges(graph), PACKAGES),
        "triage": _flowchart(_edges(graph, "triage"), _children(graph, "triage")),
        "api": _flowchart(_edges(graph, "api"), _children(graph, "api")),
        "table": _table(),
    }


def _children(graph: grimp.ImportGraph, parent: str) -> list[str]:
    return sorted(child.rpartition(".")[2] for child in graph.find_children(parent))


def _edges(graph: grimp.ImportGraph, parent: str = "") -> dict[tuple[str, str], int]:
    """Return the imports between the children of `parent`: how many modules import from each.

    Without `parent`, the children are the top-level packages.
    """
    prefix = f"{parent}." if parent else ""
    importers = defaultdict(set)
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            if module.startswith(prefix) and imported.startswith(prefix):
                edge = _child(module, prefix), _child(imported, prefix)
                importers[edge].add(module)
    return {
        (source, target): len(modules)
        for (source, target), modules in sorted(importers.items())
        if source != target
    }


def _child(module: str, prefix: str) -> str:
    return module.removeprefix(prefix).partition(".")[0]


def _flowchart(edges: Mapping[tuple[str, str], int], nodes: Sequence[str]) -> str:
    lines = ["```mermaid", "flowchart TB"]
    lines += (f"    {node}" for node in nodes if not any(node in edge for edge in edges))
    lines += (f"    {source} -->|{count}| {target}" for (source, target), count in edges.items())
    return "\n".join([*lines, "```"])


def _table() -> str:
    rows = ["| package | modules | what it is for |", "|---|---|---|"]
    for folder in _packages():
        modules = sum(path.name != "__init__.py" for path in folder.glob("*.py"))
        rows.append(f"| `{folder.relative_to(ROOT)}/` | {modules} | {_first_sentence(folder)} |")
    return "\n".join(rows)


def _packages() -> Iterator[Path]:
    for name in PACKAGES:
        for path in sorted((ROOT / name).rglob("__init__.py")):
            yield path.parent


def _first_sentence(package: Path) -> str:
    source = (package / "__init__.py").read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(source))
    if not docstring:
        raise ValueError(f"{package.relative_to(ROOT)} must say in its docstring what it is for")
    return " ".join(docstring.split("\n\n", maxsplit=1)[0].split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
