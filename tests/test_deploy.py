"""deploy/compose.yaml is what docs/servers.md says of it. It is not started here."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "deploy" / "compose.yaml").read_text()
DOCS = (ROOT / "docs" / "servers.md").read_text()


def test_it_starts_what_the_docs_name():
    composed = yaml.safe_load(TEXT)
    services = composed["services"]
    assert set(services) == {"postgresql", "s3", "bucket", "mlflow"}
    command = " ".join(services["mlflow"]["command"])
    options = re.findall(r"mlflow server (.*)", DOCS)[0]
    assert all(option in command for option in re.findall(r"--[\w-]+(?: basic-auth)?", options))
    assert services["mlflow"]["ports"] == ["${MLFLOW_PORT:-5000}:5000"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        named = {volume.partition(":")[0] for volume in service.get("volumes", [])}
        assert named <= set(composed["volumes"])
    assert "auth_cache_ttl_seconds = 60" in composed["configs"]["users"]["content"]


def test_no_password_is_in_it_and_those_that_it_asks_for_are_in_the_docs():
    asked = set(re.findall(r"\$\{(\w+):\?", TEXT))
    told = re.findall(r"export (MLFLOW_ADMIN_PASSWORD.*)", DOCS)[0]
    assert asked == {word.partition("=")[0] for word in told.split()}
    for line in TEXT.splitlines():
        if re.search(r"(?i)(password|secret_key|secret_access_key)\w*\s*[:=] ", line):
            assert "${" in line, line


def test_the_versions_are_those_of_the_tests():
    pinned = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    assert re.findall(r"mlflow\[auth\]==([\d.]+)", TEXT) == [pinned["mlflow"]]
