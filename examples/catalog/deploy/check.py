"""What no schema knows of the files in this folder. `check` runs it, in its own environment.

`--write` writes k8s/postgres-seed.yaml anew from the SQL files.
"""

import http.server
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pathspec
import yaml

DEPLOY = Path(__file__).resolve().parent
CATALOG = DEPLOY.parent
ROOT = CATALOG.parent.parent
# Read by tracing-subscriber, so in no table of the program's own.
OTHERS = {"RUST_LOG"}
# Of compose.yaml and compose.override.yaml alone.
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "CATALOG_PUBLISH", "POSTGRES_PUBLISH", "REDIS_PUBLISH"}
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET")

failures = []


def expect(what, found, wanted=True):
    """One line of the report."""
    if found == wanted:
        print(f"ok    {what}")
    else:
        print(f"FAIL  {what}\n        wanted {wanted!r}\n        found  {found!r}")
        failures.append(what)


# --- The seed -------------------------------------------------------------------------------------------------------


# What PostgreSQL's image runs in a new database, in the order of the names.
SEED = {
    "0-collation.sql": DEPLOY / "postgres/0-collation.sql",
    "1-schema.sql": CATALOG / "db/schema.sql",
    "2-seed.sql": CATALOG / "db/seed.sql",
    "3-finish.sql": DEPLOY / "postgres/3-finish.sql",
}


def seed_config_map():
    """The ConfigMap of the seed, as text."""
    text = (
        "# Written by `deploy/check --write` from db/*.sql and deploy/postgres/*.sql. Edit those.\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: postgres-seed\n  namespace: catalog\ndata:\n"
    )
    for key, file in SEED.items():
        lines = file.read_text().splitlines()
        text += f"  {key}: |\n" + "".join(f"    {line}\n" if line else "\n" for line in lines)
    return text


def check_seed():
    held = yaml.safe_load((DEPLOY / "k8s/postgres-seed.yaml").read_text())["data"]
    expect("k8s: the files of the seed", sorted(held), sorted(SEED))
    for key, file in SEED.items():
        same = held.get(key) == file.read_text()
        expect(f"k8s: the seed's {key} is {file.relative_to(CATALOG)} (else: deploy/check --write)", same)
    # The service folds a letter up and then down, PostgreSQL down alone: the same for these, though not for all.
    letters = set((CATALOG / "db/seed.sql").read_text())
    expect("the seed's letters fold alike", {c for c in letters if c.upper().lower() != c.lower()}, set())


# --- Settings -------------------------------------------------------------------------------------------------------


def settings_of_the_program():
    """Its variables, as src/settings.rs declares them, each with its default or None."""
    source = (CATALOG / "src/settings.rs").read_text()
    known = {}
    for declared in re.findall(r"#\[arg\((.*?)\)\]\n", source, re.S):
        if variable := re.search(r'\benv = "(\w+)"', declared):
            default = re.search(r'\bdefault_value(?:_t)? = "?([^",)]+)', declared)
            known[variable[1]] = default and default[1]
    return known


def example_settings():
    """What .env.example sets. Each setting, or group of them, stands under its comment."""
    values, uncommented = {}, []
    for block in re.split(r"\n\s*\n", (DEPLOY / ".env.example").read_text()):
        lines = block.strip().splitlines()
        for line in lines:
            if not line.startswith("#"):
                name, _, value = line.partition("=")
                values[name] = value
                if not lines[0].startswith("#"):
                    uncommented.append(name)
    expect(".env.example: every setting has a comment", uncommented, [])
    return values


def check_settings():
    known, example = settings_of_the_program(), example_settings()
    expect(".env.example: the settings of the program, and compose's", set(example), set(known) | OTHERS | COMPOSE_ONLY)
    wrong = {name: default for name, default in known.items() if default and example.get(name) != default}
    expect(".env.example: the program's defaults", wrong, {})
    secrets = {name: value for name, value in example.items() if SECRET.search(name) and name not in COMPOSE_ONLY}
    expect(".env.example: no secret", set(secrets.values()), {""})
    return set(known) | OTHERS, example


# --- Dockerfile -----------------------------------------------------------------------------------------------------


def check_dockerfile():
    text = (DEPLOY / "Dockerfile").read_text()
    joined = re.sub(r"\\\n\s*(#.*\n\s*)*", " ", "\n".join(l for l in text.splitlines() if not l.startswith("#")))
    steps = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    bases = [rest for word, rest in steps if word == "FROM"]
    expect("Dockerfile: pinned bases", bases, ["rust:1.95-slim-bookworm AS build", "debian:bookworm-slim"])
    last = max(i for i, (word, _) in enumerate(steps) if word == "FROM")
    build = " ".join(rest for word, rest in steps[:last] if word == "RUN")
    final = dict(steps[last:])
    expect("Dockerfile: builds what Cargo.lock says", "cargo build --release --locked -p catalog" in build)
    expect("Dockerfile: keeps registry and build folder", build.count("--mount=type=cache"), 2)
    expect("Dockerfile: not root, by number", re.fullmatch(r"[1-9]\d*:[1-9]\d*", final.get("USER", "")) is not None)
    expect("Dockerfile: listens on every address", final.get("ENV"), "CATALOG_LISTEN=0.0.0.0:8080")
    settings = " ".join(rest for word, rest in steps if word in ("ENV", "ARG"))
    expect("Dockerfile: no secret", SECRET.search(settings), None)
    check_health_command(final.get("HEALTHCHECK", ""))


def check_health_command(step):
    """Runs the image's health check, as it stands, against a server that is well and one that is not."""
    command = yaml.safe_load(step[step.index("CMD ") + 4 :]) if "CMD " in step else ["false"]

    def exit_code(status):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status if self.path == "/health" else 404)
                self.end_headers()

            def log_message(self, *_):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            env = {**os.environ, "CATALOG_LISTEN": f"0.0.0.0:{server.server_port}"}
            code = subprocess.run(command, env=env, capture_output=True, timeout=10, check=False).returncode
            server.shutdown()
        return code

    expect("Dockerfile: the health check succeeds on 200", exit_code(200), 0)
    expect("Dockerfile: the health check fails on 503", exit_code(503) != 0)


def check_context():
    """The build's context holds every file that is needed, and nothing else."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    # Docker's patterns begin at the root, git's anywhere.
    spec = pathspec.GitIgnoreSpec.from_lines("/" + rule for rule in rules)
    for path in ("target/release/catalog", ".git/config", "catalog.db", ".env", "examples/catalog/deploy/.env"):
        expect(f".dockerignore: leaves {path} out", spec.match_file(path))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    expect(".dockerignore: git tells what there is", len(tracked) > 100)
    left_out = {file for file in tracked if spec.match_file(file)}
    spared = {f for f in left_out if not f.startswith((".github/", ".ci/", "examples/catalog/deploy/"))}
    expect(".dockerignore: leaves no source out", spared, set())


# --- Compose --------------------------------------------------------------------------------------------------------


def check_compose(known, example):
    base = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    override = yaml.safe_load((DEPLOY / "compose.override.yaml").read_text())
    services = base["services"]
    app, postgres, redis = services["app"], services["postgres"], services["redis"]

    def started(*profiles):
        return {n for n, s in services.items() if not s.get("profiles") or set(s["profiles"]) & set(profiles)}

    expect("compose: no profile starts app and PostgreSQL", started(), {"app", "postgres"})
    expect("compose: profile cache adds Redis", started("cache"), {"app", "postgres", "redis"})
    expect("compose: profile all starts everything", started("all"), set(services))
    expect("compose: the app waits for PostgreSQL alone", set(app["depends_on"]), {"postgres"})
    expect("compose: every service restarts", {s.get("restart") for s in services.values()}, {"unless-stopped"})
    expect("compose: caching is on", app["environment"]["REDIS_ENABLED"], "${REDIS_ENABLED:-true}")
    expect("compose: the app's Redis", app["environment"]["REDIS_HOST"], "${REDIS_HOST:-redis}")
    expect("compose: the app knows what it is told", set(app["environment"]) - known, set())
    expect("compose: the app is told all it knows", known - set(app["environment"]), {"CATALOG_LISTEN"})
    build = (DEPLOY / app["build"]["context"]).resolve()
    expect("compose: the app's context is the repository", build, ROOT)
    expect("compose: the app's Dockerfile", (build / app["build"]["dockerfile"]).resolve(), DEPLOY / "Dockerfile")

    expect("compose: Redis' image", redis["image"], "redis:7-alpine")
    options = pairs(redis["command"][1:])
    expect("compose: Redis appends", options.get("--appendonly"), "yes")
    expect("compose: Redis' memory", options.get("--maxmemory"), "128mb")
    expect("compose: Redis' eviction", options.get("--maxmemory-policy"), "allkeys-lru")
    for name, service in (("redis", redis), ("postgres", postgres)):
        check = service["healthcheck"]
        found = (check["interval"], check["timeout"], check["retries"])
        expect(f"compose: the health check of {name}", found, ("10s", "5s", 3))
        volumes = {volume.split(":")[0] for volume in service["volumes"]}
        expect(f"compose: {name} has a named volume", len(volumes & set(base["volumes"])), 1)
    seeds = [v.split(":") for v in postgres["volumes"] if "initdb.d" in v]
    found = {Path(target).name: (DEPLOY / source).resolve() for source, target, _ in seeds}
    expect("compose: PostgreSQL's seed", found, SEED)
    expect("compose: its files are read-only", {mode for _, _, mode in seeds}, {"ro"})

    published = [n for n, s in services.items() if "ports" in s]
    expect("compose.yaml publishes no port", published, [])
    addresses = {port.split(":")[0] for s in override["services"].values() for port in s["ports"]}
    expect("compose.override.yaml publishes all, on this machine alone", addresses, {"127.0.0.1"})
    expect("compose.override.yaml publishes every service", set(override["services"]), set(services))

    # `${NAME:-default}`: a name of .env.example, and the default that stands there.
    text = "".join((DEPLOY / f).read_text() for f in ("compose.yaml", "compose.override.yaml"))
    used = set(re.findall(r"\$\{(\w+):-([^}]*)\}", text))
    expect("compose: every variable has a default", len(re.findall(r"\$\{\w+\}", text)), 0)
    differing = {pair for pair in used if example.get(pair[0]) != pair[1]}
    expect("compose: the defaults are those of .env.example", differing, {("REDIS_HOST", "redis")})
    unused = set(example) - {name for name, _ in used} - {"CATALOG_LISTEN", "DATABASE_URL"}
    expect("compose: uses all of .env.example but the image's address and its own database", unused, set())


def pairs(items):
    return dict(zip(items[::2], items[1::2]))


# --- Kubernetes -----------------------------------------------------------------------------------------------------

RESOURCES = {
    "postgres": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}},
    "catalog": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}},
    "redis": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}},
}


def check_kubernetes(known):
    folder = DEPLOY / "k8s"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    there = {file.name for file in folder.glob("*.yaml")} - {"kustomization.yaml"}
    expect("k8s: kustomization.yaml lists every file, once", sorted(listed), sorted(there))
    items = {}
    for file in there:
        for item in yaml.safe_load_all((folder / file).read_text()):
            items[item["kind"], item["metadata"]["name"]] = item
    placed = {i["metadata"].get("namespace") for (kind, _), i in items.items() if kind != "Namespace"}
    expect("k8s: everything is in one namespace", placed, {"catalog"})
    types = {name: i["spec"].get("type") for (kind, name), i in items.items() if kind == "Service"}
    expect("k8s: the services", types, {"catalog": "NodePort", "postgres": "ClusterIP", "redis": "ClusterIP"})

    secret = items["Secret", "catalog"]["stringData"]
    expect("k8s: the secrets are visibly examples", all(v.startswith("example-only") for v in secret.values()))
    expect("k8s: the secrets fit into URLs", all(re.fullmatch(r"[\w-]+", v) for v in secret.values()))
    workloads = {name: i["spec"] for (kind, name), i in items.items() if kind in ("Deployment", "StatefulSet")}
    expect("k8s: what runs", set(workloads), set(RESOURCES))
    for name, spec in workloads.items():
        check_workload(name, spec, items, secret)

    redis = workloads["redis"]["template"]["spec"]["containers"][0]
    options = pairs(redis["args"][1:])
    expect("k8s: Redis' memory", options.get("--maxmemory"), "64mb")
    expect("k8s: Redis' eviction", options.get("--maxmemory-policy"), "allkeys-lru")

    catalog = workloads["catalog"]
    pod = catalog["template"]["spec"]
    app = pod["containers"][0]
    expect("k8s: replicas", catalog["replicas"], 4)
    expect("k8s: no service links, which would set REDIS_PORT=tcp://…", pod.get("enableServiceLinks"), False)
    probes = {kind: app[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    wanted = {"startup": "/health", "liveness": "/health", "readiness": "/health/ready"}
    expect("k8s: the app's probes", probes, wanted)
    env = {variable["name"]: variable for variable in app["env"]}
    expect("k8s: the app knows what it is told", set(env) - known, {"POSTGRES_PASSWORD"})
    expect("k8s: caching is on", env["REDIS_ENABLED"]["value"], "true")
    expect("k8s: PostgreSQL has room for all pools", int(env["DATABASE_POOL_MAX"]["value"]) * (4 + 1) < 97)
    user = re.search(r"^USER (\d+):(\d+)$", (DEPLOY / "Dockerfile").read_text(), re.M)
    found = (str(pod["securityContext"]["runAsUser"]), str(pod["securityContext"]["runAsGroup"]))
    expect("k8s: the app's user is the image's", found, user and user.groups())


def check_workload(name, spec, items, secret):
    pod = spec["template"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    expect(f"k8s: {name} selects its own pods", spec["selector"]["matchLabels"], labels)
    service = items["Service", name]["spec"]
    expect(f"k8s: the service {name} selects them too", service["selector"], labels)
    (container,) = pod["containers"]
    ports = {port["name"] for port in container["ports"]}
    expect(f"k8s: the service {name} leads to a port", {p["targetPort"] for p in service["ports"]} <= ports)
    expect(f"k8s: {name} has its requests and limits", container["resources"], RESOURCES[name])
    own, shared = container["securityContext"], pod["securityContext"]
    found = (
        shared["runAsNonRoot"],
        shared["runAsUser"] > 0,
        shared["seccompProfile"]["type"],
        own["readOnlyRootFilesystem"],
        own["allowPrivilegeEscalation"],
        own["capabilities"]["drop"],
    )
    expect(f"k8s: {name} may do little", found, (True, True, "RuntimeDefault", True, False, ["ALL"]))
    expect(f"k8s: {name} has no rights in the cluster", pod.get("automountServiceAccountToken"), False)
    for variable in container["env"]:
        if SECRET.search(variable["name"]) or variable["name"] == "REDISCLI_AUTH":
            reference = variable.get("valueFrom", {}).get("secretKeyRef", {})
            held = reference.get("name") == "catalog" and reference.get("key") in secret
            expect(f"k8s: {name} takes {variable['name']} from the Secret", held)
    mounts = {mount["name"] for mount in container.get("volumeMounts", [])}
    volumes = {v["name"] for v in pod.get("volumes", [])}
    volumes |= {claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])}
    expect(f"k8s: {name} mounts what there is", mounts, volumes)
    maps = {v["configMap"]["name"] for v in pod.get("volumes", []) if "configMap" in v}
    expect(f"k8s: the ConfigMaps of {name} exist", all(("ConfigMap", m) in items for m in maps))


def main():
    if "--write" in sys.argv[1:]:
        (DEPLOY / "k8s/postgres-seed.yaml").write_text(seed_config_map())
        return 0
    check_seed()
    known, example = check_settings()
    check_dockerfile()
    check_context()
    check_compose(known, example)
    check_kubernetes(known)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
