#!/usr/bin/env python3
"""Compares the #include lines of each module with what its weir_module() line declares.

usage: check_layers.py BUILD_DIR   (a configured build folder: the declarations are in BUILD_DIR/layers)
A module may include its own headers and those of the modules it depends on, directly or not. Beyond that, the data
plane never sees Kubernetes: see FORBIDDEN.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*["<](weir/)?([a-z0-9_]+)/([^">]+)[">]')

# module -> modules it must never reach, even indirectly (docs/architecture.md, rule 2 and 3)
FORBIDDEN = {
    "proxy": {"kube", "watch", "model", "controller", "app"},
    "upstream": {"kube", "watch", "model", "controller", "app", "proxy"},
    "filters": {"kube", "watch", "model", "controller", "app"},
    "watch": {"model", "route", "proxy", "upstream", "controller", "app"},
    "model": {"watch", "route", "proxy", "upstream", "controller", "app", "net", "observe"},
    "route": {"watch", "proxy", "upstream", "controller", "app", "net", "observe"},
    "base": {"observe", "kube", "http", "tls", "net", "features", "model", "route", "proxy"},
}


def module_of(path: pathlib.Path) -> str:
    parts = path.relative_to(ROOT).parts
    name = parts[2] if parts[0] == "include" else parts[1]
    if name == "features" and (path.name.endswith("filter.cc") or path.name.startswith("filter_")):
        return "filters"
    return name


def main() -> int:
    layers = pathlib.Path(sys.argv[1]) / "layers"
    declared = {p.stem: set(p.read_text().split()) for p in layers.glob("*.txt")}
    if not declared:
        print(f"no declarations in {layers}: configure the build first", file=sys.stderr)
        return 2

    def reach(name, seen=None):
        seen = set() if seen is None else seen
        for dep in declared.get(name, ()):
            if dep not in seen:
                seen.add(dep)
                reach(dep, seen)
        return seen

    errors = []
    for name in declared:
        if name in reach(name):
            errors.append(f"{name} depends on itself")
    for path in sorted([*ROOT.glob("include/weir/**/*.h"), *ROOT.glob("src/**/*.h"), *ROOT.glob("src/**/*.cc")]):
        own = module_of(path)
        allowed = reach(own) | {own}
        if own == "filters":
            allowed |= {"features"}
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match or match.group(2) not in declared:
                continue
            target = match.group(2)
            if target == "features" and "filter_order" in match.group(3):
                target = "filters"
            where = f"{path.relative_to(ROOT)}:{number}"
            if target in FORBIDDEN.get(own, ()):
                errors.append(f"{where}: {own} must not include {target}")
            elif target not in allowed and not (target == "filters" and own in ("proxy", "features")):
                errors.append(f"{where}: {own} includes {target}, which its weir_module() line does not name")
            if not match.group(1) and target != own and own != "filters":
                errors.append(f"{where}: private header of {target} included from {own}")
    for error in errors:
        print(error, file=sys.stderr)
    print(f"layers: {len(declared)} modules, {len(errors)} violations")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
