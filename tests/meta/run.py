#!/usr/bin/env python3
"""Rules about the repository itself. usage: run.py --weir BINARY"""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
errors = []


def rule(holds, text):
    if not holds:
        errors.append(text)


def every_module_has_a_readme():
    for folder in sorted((ROOT / "src").iterdir()):
        if folder.is_dir():
            readme = folder / "README.md"
            rule(readme.exists(), f"src/{folder.name} has no README.md")
            if readme.exists():
                rule(len(readme.read_text().splitlines()) <= 20, f"src/{folder.name}/README.md is longer than 20 lines")


def every_source_is_listed_in_cmake():
    for source in sorted((ROOT / "src").rglob("*.cc")):
        module = ROOT / "src" / source.relative_to(ROOT / "src").parts[0]
        text = "".join(f.read_text() for f in [module / "CMakeLists.txt", *module.glob("*.cmake")])
        rule(str(source.relative_to(module)) in text, f"{source.relative_to(ROOT)} is not listed in {module.name}/CMakeLists.txt")


def annotations(weir):
    """key -> class, from the generated page."""
    page = subprocess.run([weir, "docs", "annotations"], capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^\| `([a-z0-9-]+)`[^|]* \| (exact|no-op|planned|refused)(?:, 503)?(?:; [^|]*)? \|", page, re.M))


def every_exact_annotation_has_a_golden_case(weir):
    rows = annotations(weir)
    rule(len(rows) > 100, f"only {len(rows)} annotations found in `weir docs annotations`")
    for key, support in rows.items():
        if support == "exact":
            rule((ROOT / "tests/golden/annotations" / key / "in.yaml").exists(), f"annotation {key} has no golden case")


def every_feature_with_a_filter_has_a_scenario():
    text = "".join(p.read_text() for p in (ROOT / "tests/scenario").rglob("*.yaml"))
    words = {"rewrite": "rewrite-target", "redirect": "permanent-redirect", "https_redirect": "force-ssl-redirect", "hsts": "Strict-Transport",
             "ip_access": "allowlist-source-range", "rate_limit": "limit-rpm", "cookies_redirects": "proxy-redirect-from"}
    for source in (ROOT / "src/features").glob("*/filter.cc"):
        name = source.parent.name
        rule(words.get(name, name.replace("_", "-")) in text, f"feature {name} has no scenario")


def generated_docs_are_current(weir):
    for page in ("annotations", "options", "metrics"):
        path = ROOT / "docs" / f"{page}.md"
        now = subprocess.run([weir, "docs", page], capture_output=True, text=True, check=True).stdout
        rule(path.exists() and path.read_text() == now, f"docs/{page}.md is not what `weir docs {page}` prints: run ./dev gen")


def documents_name_files_that_exist():
    for page in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        if not page.exists():
            rule(False, f"{page.name} is missing")
            continue
        for name in re.findall(r"`((?:src|include|tests|docs|tools|examples|deploy)/[\w./-]+\.\w+)`", page.read_text()):
            rule((ROOT / name).exists(), f"{page.relative_to(ROOT)} names {name}, which does not exist")


def the_coverage_page_names_tests_that_exist():
    text = (ROOT / "docs/seed-coverage.md").read_text()
    names = re.findall(r"`(tests/[^`]+)`", text)
    rule(len(names) > 100, f"docs/seed-coverage.md names only {len(names)} tests")
    for name in names:
        path, _, test = name.partition("::")
        file = ROOT / path
        if not file.exists() or (not test and file.suffix in (".cc", ".py")):
            rule(False, f"docs/seed-coverage.md names {name}, which is no test")
        elif test:
            content = file.read_text()
            suite, _, case = test.partition(".")
            found = re.search(rf"\b{suite}, {case}\b" if case else re.escape(test), content) if file.suffix == ".cc" else test in content
            rule(found, f"docs/seed-coverage.md names {name}, which {path} does not hold")
    for row in re.findall(r"^\| (.+) \|$", text, re.M):
        cells = re.split(r"(?<!\\)\|", row)
        rule(len(cells) == 3, f"docs/seed-coverage.md: a row has {len(cells)} cells: {row[:60]}")


def mutations_fit_the_sources():
    """What tools/see_red.py switches off is there, and so are the tests that must notice."""
    check = subprocess.run([sys.executable, ROOT / "tools/see_red.py", "--check"], capture_output=True, text=True)
    rule(check.returncode == 0, "tests/mutations.yaml: " + (check.stdout or check.stderr).strip())


# Where the code names reasons; the finer codes of the parser have a table and a test of their own (docs/wire-strictness.md).
REASONS = [r'(?:reply|redirect|deny_with)\([^;"]*"([a-z-]+)"', r'challenge\(request, "([a-z-]+)"', r'refuse\(ingress, "([a-z-]+)"',
           r'deny\.reason = "([a-z-]+)"', r'kPathReason = "([a-z-]+)"', r'return "(block-[a-z-]+)"',
           r'\{Side::\w+, \d+, "([a-z-]+)"']


def every_reason_code_is_explained():
    page = (ROOT / "docs/troubleshooting.md").read_text()
    table = page[page.index("| code | status | meaning |"):]
    explained = {code for row in re.findall(r"^\| ([^|]+) \|", table, re.M) for code in re.findall(r"[a-z-]+", row)}
    found = {}
    for source in [*(ROOT / "src").rglob("*.cc"), *(ROOT / "src").rglob("*.h")]:
        for pattern in REASONS:
            for code in re.findall(pattern, source.read_text()):
                found[code] = source.relative_to(ROOT)
    rule(len(found) > 50, f"only {len(found)} reason codes found in the sources")
    for code, where in sorted(found.items()):
        known = code in explained or re.sub("-(planned|refused|invalid)$", "", code) != code
        rule(known, f"reason code {code} ({where}) has no row in docs/troubleshooting.md")


def every_decision_is_linked():
    index = (ROOT / "docs/adr/README.md").read_text()
    for page in (ROOT / "docs/adr").glob("0*.md"):
        rule(page.name in index, f"docs/adr/{page.name} is not linked from docs/adr/README.md")


def headers_have_a_purpose():
    for header in (ROOT / "include").rglob("*.h"):
        first = header.read_text().splitlines()[0]
        rule(first.startswith("//"), f"{header.relative_to(ROOT)} does not begin with its purpose")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    weir = parser.parse_args().weir
    checks = [every_module_has_a_readme, every_source_is_listed_in_cmake, every_feature_with_a_filter_has_a_scenario,
              documents_name_files_that_exist, every_decision_is_linked, headers_have_a_purpose, every_reason_code_is_explained, the_coverage_page_names_tests_that_exist, mutations_fit_the_sources]
    with_binary = [every_exact_annotation_has_a_golden_case, generated_docs_are_current]
    for check in checks:
        check()
    for check in with_binary:
        check(weir)
    for error in errors:
        print(error)
    print(f"{len(checks) + len(with_binary)} rules, {len(errors)} violations")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
