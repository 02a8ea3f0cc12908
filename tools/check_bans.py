#!/usr/bin/env python3
"""Checks product code against tools/bans.yaml. No arguments; exit status 1 when something is found."""
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main() -> int:
    bans = yaml.safe_load((ROOT / "tools/bans.yaml").read_text())
    errors = 0
    files = [p for root in ("src", "include") for p in sorted((ROOT / root).rglob("*")) if p.suffix in (".cc", ".h")]
    for ban in bans:
        pattern = re.compile(ban["pattern"])
        allowed = ban.get("allow", [])
        for path in files:
            name = str(path.relative_to(ROOT))
            if any(name.startswith(prefix) for prefix in allowed):
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if pattern.search(line):
                    print(f"{name}:{number}: {line.strip()[:80]}  -> use {ban['use']}", file=sys.stderr)
                    errors += 1
    print(f"bans: {len(bans)} patterns, {len(files)} files, {errors} violations")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
