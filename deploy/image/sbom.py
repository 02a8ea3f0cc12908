#!/usr/bin/env python3
"""sbom.py PROGRAM FILE...: an SPDX 2.3 document of Weir and of the Debian packages that own the files."""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys


def owner(file):
    """The package that owns a file, which dpkg may know by its path before /usr was merged."""
    for path in {file, os.path.realpath(file), file.removeprefix("/usr"), "/usr" + file}:
        done = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(":")[0]
    return None


def package(name):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}\t${source:Package}", name], capture_output=True, text=True,
                          check=True)
    version, source = done.stdout.split("\t")
    return {"name": name, "SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name), "versionInfo": version,
            "supplier": "Organization: Debian", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION", "sourceInfo": f"Debian source package {source}"}


def main():
    program, *files = sys.argv[1:]
    digest = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()
    version = json.loads(subprocess.run([program, "version", "-o", "json"], capture_output=True, text=True,
                                        check=True).stdout)["release"]
    names = sorted({name for name in map(owner, files) if name})
    packages = [{"name": "weir", "SPDXID": "SPDXRef-weir", "versionInfo": version, "downloadLocation": "NOASSERTION",
                 "filesAnalyzed": False, "licenseDeclared": "Apache-2.0", "licenseConcluded": "Apache-2.0",
                 "checksums": [{"algorithm": "SHA256", "checksumValue": digest}]}]
    packages += [package(name) for name in names]
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-weir", "relationshipType": "DESCRIBES"}]
    relations += [{"spdxElementId": "SPDXRef-weir", "relatedSpdxElement": p["SPDXID"], "relationshipType": "DEPENDS_ON"}
                  for p in packages[1:]]
    json.dump({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"weir-{version}",
               "documentNamespace": f"https://weir.dev/spdx/{version}/{digest}",
               "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: deploy/image/sbom.py"]},
               "packages": packages, "relationships": relations}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
