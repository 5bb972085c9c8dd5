#!/usr/bin/env python3
"""Holds the source tree to its layers: the module table in core/README.md is the rule.

Usage: check_structure.py ROOT. Prints one line a fault (file:line: what) and exits 1 when there is any.
"""

import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
MODULE_LINE = re.compile(r"^\| [0-9] \| `([a-z0-9]+)` \| (yes|no) \|")

# Third-party code that one module alone may include: the place to look when it is ever replaced.
OWNED = [
    (re.compile(r"^(QCoro|qcoro)"), {"core/async"}, "QCoro belongs to core/async"),
    (re.compile(r"^cryptopp/"), {"core/crypto"}, "Crypto++ belongs to core/crypto"),
    (re.compile(r"^(isa-l|isa-l/.*|erasure_code)\.h$"), {"core/erasure"}, "ISA-L belongs to core/erasure"),
    (re.compile(r"^openssl/"), {"core/x509", "core/tls"}, "OpenSSL belongs to core/x509 and core/tls"),
    (re.compile(r"^sqlite3\.h$"), {"core/journal"}, "SQLite belongs to core/journal"),
    (re.compile(r"^yaml-cpp/"), {"core/formats"}, "yaml-cpp belongs to core/formats"),
    (re.compile(r"^nghttp2/"), {"core/server", "core/gbs"}, "nghttp2 belongs to core/server and core/gbs"),
    (re.compile(r"^boost/"), {"core/server", "core/gbs"}, "Boost belongs to core/server and core/gbs"),
]

# What shows a window or draws; the engine and the command line work without it.
GUI = re.compile(
    r"^(Qt(Gui|Widgets)(/|$)|Q(Widget|MainWindow|Dialog|Application|GuiApplication|Painter|Pixmap|Image|Icon|Action|"
    r"Menu|Clipboard|Color|Font|Palette|Screen|Window|SystemTrayIcon|AbstractItemView|ListView|TableView|TreeView|"
    r"StyledItemDelegate|AbstractItemDelegate)$)")
QT = re.compile(r"^(Q[A-Z]|Qt)")
SINGLETON = re.compile(r"\bstatic\s+[\w:<>&*\s]+\b(instance|getInstance|sharedInstance)\s*\(")
# GCC 12 destroys a lambda or an aggregate that is made inside an awaited expression twice: it must have a name.
AWAITED_TEMPORARY = re.compile(r"\bco_await\s+([\w:]+\s*\{|[^;]*\brunOn\s*\([^;]*\[[^\]]*\]\s*[({])")
VAGUE = re.compile(r"(^|_)(utils?|helpers?|common|manager|misc)(_|\.|$)", re.IGNORECASE)

ROOT_ENTRIES = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "app", "core", "ui", "resources", "tests",
                "installer", "build"}


def read_modules(root):
    """The modules in the table's order, each with whether it may use Qt."""
    modules = {}
    for line in (root / "core/README.md").read_text(encoding="utf-8").splitlines():
        if match := MODULE_LINE.match(line):
            modules[match.group(1)] = match.group(2) == "yes"
    return modules


def place_of(path):
    """The unit that a file belongs to: core/<module>, ui/models, ui/widgets, app/<program> or tests."""
    parts = path.parts
    if parts[0] in ("core", "ui", "app") and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[0]


def check_include(place, target, quoted, modules, order):
    """Why `place` may not include `target`, or None."""
    for pattern, owners, reason in OWNED:
        if not quoted and pattern.match(target) and place not in owners and place != "tests":
            return reason
    if place.startswith("core/"):
        module = place.removeprefix("core/")
        if module not in modules:
            return f"module {module} has no line in core/README.md"
        if quoted and target.startswith(("ui/", "app/", "tests/")):
            return "the engine knows nothing above it"
        if quoted and target.startswith("core/"):
            other = target.split("/")[1]
            if other != module and (other not in order or order[other] >= order[module]):
                return f"module {module} may not use {other}: it does not stand above it in core/README.md"
        if not quoted and GUI.match(target):
            return "no QtGui and no QtWidgets in core"
        if not quoted and QT.match(target) and not modules[module]:
            return f"module {module} is kept free of Qt"
    elif place in ("ui/models", "ui/widgets"):
        if quoted and target.startswith("core/") and not target.startswith("core/api/"):
            return "ui sees only core/api"
        if place == "ui/models" and quoted and target.startswith("ui/widgets"):
            return "models know no widgets"
        if quoted and target.startswith("app/"):
            return "ui knows nothing of app"
    elif place == "app/cli":
        if not quoted and GUI.match(target) or quoted and target.startswith("ui/"):
            return "the command line links no QtGui and no QtWidgets"
    return None


def check_file(root, path, modules, order):
    faults = []
    place = place_of(path)
    if VAGUE.search(path.name):
        faults.append(f"{path}:1: a name that says nothing of what is inside")
    text = (root / path).read_text(encoding="utf-8")
    for match in AWAITED_TEMPORARY.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        faults.append(f"{path}:{line}: name the lambda or aggregate before awaiting it")
    for number, line in enumerate(text.splitlines(), 1):
        if match := INCLUDE.match(line):
            if reason := check_include(place, match.group(2), match.group(1) == '"', modules, order):
                faults.append(f"{path}:{number}: {reason} ({match.group(2)})")
        if place != "tests" and SINGLETON.search(line):
            faults.append(f"{path}:{number}: a singleton; pass the object in")
    return faults


def check(root):
    modules = read_modules(root)
    order = {name: i for i, name in enumerate(modules)}
    faults = []
    if not modules:
        faults.append("core/README.md:1: no module table found")
    for entry in sorted(root.iterdir()):
        if entry.name not in ROOT_ENTRIES and not entry.name.startswith("."):
            faults.append(f"{entry.name}:1: the top level is fixed")
    for folder in sorted(p for p in (root / "core").iterdir() if p.is_dir() and p.name != "doc"):
        if folder.name not in modules:
            faults.append(f"core/{folder.name}:1: module has no line in core/README.md")
    for name in modules:
        if not (root / "core" / name).is_dir():
            faults.append(f"core/README.md:1: module {name} does not exist")
    for top in ("core", "ui", "app", "tests"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".h", ".cpp") and path.is_file():
                faults += check_file(root, path.relative_to(root), modules, order)
    return faults


def main():
    root = Path(sys.argv[1]).resolve()
    faults = check(root)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
