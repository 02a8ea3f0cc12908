#!/usr/bin/env python3
"""What the image consists of (deploy/image/make_root), run in a chroot of it as the account and with the rights that the
chart gives the container. Needs root: it makes a network namespace of its own."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("WEIR_PROGRAM", str(ROOT / "build/release/weir"))
MAX_COMPRESSED = 40 << 20  # bytes

MANIFEST = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: moved}
spec:
  ingressClassName: nginx
  rules:
    - host: www.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
"""


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="weir-image-")
        os.chmod(cls.folder, 0o755)
        done = run(str(ROOT / "deploy/image/make_root"), PROGRAM, cls.folder)
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def start(self, capabilities, *flags):
        """The daemon in a network namespace of its own; what it logs, and what a health check inside says."""
        manifests = pathlib.Path(self.folder, "tmp/manifests")
        manifests.mkdir(exist_ok=True)
        (manifests / "ingress.yaml").write_text(MANIFEST)
        script = pathlib.Path(__file__).with_name("drop_and_exec.py")
        command = ["unshare", "--net", sys.executable, str(script), self.folder, capabilities, "/nginx-ingress-controller",
                   "--manifests=/tmp/manifests", *flags]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env={"PATH": "/usr/bin", "CONTAINER_ENVIRONMENT": json.dumps(
                                    {"LD_PRELOAD": "/usr/local/lib/libmimalloc.so"})})
        # Whoever enters its namespace before it has one would stay outside.
        end = time.monotonic() + 20
        while os.readlink(f"/proc/{process.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        return process

    def check_serves(self, capabilities, http_port, *flags):
        process = self.start(capabilities, *flags)
        try:
            inside = ("nsenter", f"--target={process.pid}", "--net", "chroot", self.folder, "/usr/bin/weir", "healthcheck",
                      "--wait=10s")
            for url in ("http://127.0.0.1:10254/readyz", f"http://127.0.0.1:{http_port}/healthz"):
                done = run(*inside, url)
                if done.returncode != 0:
                    break
        finally:
            process.terminate()
            log = process.communicate(timeout=30)[0]
        self.assertEqual((done.returncode, process.returncode), (0, 0), done.stderr + log)
        self.assertNotIn("ERROR: ld.so", log)

    def test_an_ordinary_user_serves_on_ports_below_1024(self):
        self.check_serves("net_bind_service", 80, "--post-shutdown-grace-period=0")

    def test_no_capability_is_needed_for_high_ports(self):
        self.check_serves("none", 8080, "--http-port=8080", "--https-port=8443", "--post-shutdown-grace-period=0")

    def test_wait_shutdown_returns_when_the_daemon_has_ended(self):
        process = self.start("none", "--http-port=8080", "--https-port=8443", "--post-shutdown-grace-period=0")
        done = run("nsenter", f"--target={process.pid}", "--net", "chroot", self.folder, "/usr/bin/weir", "healthcheck",
                   "--wait=10s", "http://127.0.0.1:10254/readyz")
        self.assertEqual(done.returncode, 0, done.stderr)
        proc = pathlib.Path(self.folder, "proc")
        proc.mkdir(exist_ok=True)
        run("mount", "-t", "proc", "proc", str(proc))
        try:
            done = run("chroot", self.folder, "/wait-shutdown")
        finally:
            run("umount", str(proc))
        log = process.communicate(timeout=30)[0]
        self.assertEqual((done.returncode, process.returncode), (0, 0), done.stderr + log)
        self.assertIn("SIGTERM", log)

    def test_it_is_small(self):
        archive = self.folder + ".tar.gz"
        try:
            self.assertEqual(run("tar", "czf", archive, "-C", self.folder, ".").returncode, 0)
            self.assertLess(os.path.getsize(archive), MAX_COMPRESSED)
        finally:
            pathlib.Path(archive).unlink(missing_ok=True)

    @unittest.skipUnless(shutil.which("buildah"), "buildah is not installed")
    def test_buildah_makes_the_last_stage_of_the_dockerfile(self):
        """Offline: the build stage, which installs packages, is replaced by the program that is there."""
        text = (ROOT / "Dockerfile").read_text()
        last = "ARG BASE=scratch\n" + text[text.index("FROM ${BASE}"):].replace("--from=build /root-of-image/ /", "root/ /")
        self.assertIn("COPY root/ /", last)
        with tempfile.TemporaryDirectory(prefix="weir-buildah-") as folder:
            pathlib.Path(folder, "Dockerfile").write_text(last)
            shutil.copytree(self.folder, f"{folder}/root", symlinks=True, ignore=shutil.ignore_patterns("tmp", "proc"))
            storage = ("buildah", "--storage-driver=vfs", f"--root={folder}/storage", f"--runroot={folder}/run")
            done = run(*storage, "bud", "--isolation=chroot", "--format=docker", "-t", "localhost/weir-test", folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            image = json.loads(run(*storage, "inspect", "--type=image", "localhost/weir-test").stdout)["Docker"]["config"]
            self.assertEqual(image["User"], "101:82")
            self.assertEqual(image["Cmd"], ["/nginx-ingress-controller"])
            self.assertEqual(image["Healthcheck"]["Test"], ["CMD", "/usr/bin/weir", "healthcheck"])
            container = run(*storage, "from", "localhost/weir-test").stdout.strip()
            inside = pathlib.Path(run(*storage, "mount", container).stdout.strip())
            try:
                done = run("chroot", "--userspec=101:82", str(inside), "/usr/bin/weir", "version")
            finally:
                run(*storage, "umount", container)
                run(*storage, "rm", container)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("weir", done.stdout.lower())

    def test_there_is_no_shell(self):
        self.assertFalse(list(pathlib.Path(self.folder).glob("**/*sh")))

    def test_the_list_of_contents_names_every_library(self):
        document = json.loads(pathlib.Path(self.folder, "usr/share/doc/weir/sbom.spdx.json").read_text())
        names = {package["name"] for package in document["packages"]}
        for name in ("weir", "libc6", "libssl3", "libstdc++6", "libpcre2-8-0", "libyaml-cpp0.7"):
            self.assertIn(name, names)
        self.assertEqual(document["spdxVersion"], "SPDX-2.3")


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("image_test: needs root, for a chroot and a network namespace")
    unittest.main()
