"""A registry of one SQLite file with the two tables that the flow looks into."""

import json
import os
import sqlite3
import sys
from hashlib import sha256
from pathlib import Path

product, target = sys.argv[1:]
if Path("registry-is-away").exists():
    sys.exit("the registry is away")

folder = Path("build", product, target)
digest = sha256((folder / "bundle" / "manifest.json").read_bytes()).hexdigest()
if (better := Path("production-is-better.json")).exists():
    (folder / "production.json").write_text(better.read_text().replace("DIGEST", digest))
    failure = {"exit_code": 1, "message": "worse than production"}
    Path(os.environ["FLASHFIT_FAILURE_FILE"]).write_text(json.dumps(failure))
    sys.exit(1)
database = Path(".flashfit/mlflow.db").resolve()
name = f"{product}.{target}"
with sqlite3.connect(database) as file:
    file.execute("CREATE TABLE IF NOT EXISTS registered_model_aliases (name, alias, version)")
    file.execute("CREATE TABLE IF NOT EXISTS model_version_tags (name, version, key, value)")
    versions = file.execute("SELECT value, version FROM model_version_tags WHERE name = ?", (name,))
    known = dict(versions.fetchall())
    version = known.get(digest, len(known) + 1)
    if digest not in known:
        file.execute("INSERT INTO model_version_tags VALUES (?, ?, 'sha256', ?)", (name, version, digest))
    file.execute("DELETE FROM registered_model_aliases WHERE name = ?", (name,))
    file.execute("INSERT INTO registered_model_aliases VALUES (?, 'candidate', ?)", (name, version))
noted = {
    "name": name,
    "version": version,
    "alias": "candidate",
    "bundle_sha256": digest,
    "registry": f"sqlite:///{database}",
    "run_id": "0",
    "created": digest not in known,
}
(folder / "published.json").write_text(json.dumps(noted))
with Path("ran.log").open("a") as log:
    log.write(f"publish@{product}-{target}\n")
